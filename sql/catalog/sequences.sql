-- Sequences; their last value is a row, not the schema's.
SELECT 'sequence' AS class, ARRAY[r.schema, r.name] AS identity,
  CASE WHEN t.oid IS NULL THEN ARRAY['schema', r.schema] ELSE ARRAY['column', t.schema, t.name, a.attname] END AS parent,
  json_build_object(
  'owner', pg_get_userbyid(c.relowner),
  'privileges', to_json(COALESCE(c.relacl, acldefault('s', c.relowner))::text[]),
  'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
  'type', format_type(s.seqtypid, NULL),
  'start', s.seqstart::text,
  'increment', s.seqincrement::text,
  'minimum', s.seqmin::text,
  'maximum', s.seqmax::text,
  'cache', s.seqcache::text,
  'cycle', s.seqcycle,
  'ownedBy', CASE WHEN t.oid IS NOT NULL THEN format('%I.%I.%I', t.schema, t.name, a.attname) END,
  'identity', COALESCE(d.deptype = 'i', false)
) AS properties
FROM relations AS r
JOIN pg_class AS c ON c.oid = r.oid
JOIN pg_sequence AS s ON s.seqrelid = r.oid
LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN relations AS t ON t.oid = d.refobjid
LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
