-- Text search templates.
SELECT 'text search template' AS class, ARRAY[n.name, t.tmplname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'init', CASE WHEN t.tmplinit <> 0 THEN t.tmplinit::regproc::text END,
  'lexize', t.tmpllexize::regproc::text
) AS properties
FROM pg_ts_template AS t
JOIN ours AS n ON n.oid = t.tmplnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_ts_template'::regclass AND m.objid = t.oid)
