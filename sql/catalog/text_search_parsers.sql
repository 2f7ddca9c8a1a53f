-- Text search parsers.
SELECT 'text search parser' AS class, ARRAY[n.name, p.prsname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'start', p.prsstart::regproc::text,
  'gettoken', p.prstoken::regproc::text,
  'end', p.prsend::regproc::text,
  'headline', CASE WHEN p.prsheadline <> 0 THEN p.prsheadline::regproc::text END,
  'lextypes', p.prslextype::regproc::text
) AS properties
FROM pg_ts_parser AS p
JOIN ours AS n ON n.oid = p.prsnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_ts_parser'::regclass AND m.objid = p.oid)
