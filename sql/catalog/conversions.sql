-- Conversions between encodings.
SELECT 'conversion' AS class, ARRAY[n.name, c.conname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(c.conowner),
  'from', pg_encoding_to_char(c.conforencoding),
  'to', pg_encoding_to_char(c.contoencoding),
  'function', c.conproc::regprocedure::text,
  'default', c.condefault
) AS properties
FROM pg_conversion AS c
JOIN ours AS n ON n.oid = c.connamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_conversion'::regclass AND m.objid = c.oid)
