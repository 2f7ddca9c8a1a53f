-- Composite types that are no table's.
SELECT 'composite type' AS class, ARRAY[r.schema, r.name] AS identity, ARRAY['schema', r.schema] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(t.typowner),
  'privileges', to_json(COALESCE(t.typacl, acldefault('T', t.typowner))::text[]),
  'columns', to_json(ARRAY(SELECT a.attname FROM pg_attribute AS a
    WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum))
) AS properties
FROM relations AS r
JOIN pg_type AS t ON t.typrelid = r.oid
WHERE r.class = 'composite type'
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
