-- Collations. Where the locale stands differs between major versions.
SELECT 'collation' AS class, ARRAY[n.name, c.collname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(c.collowner),
  'provider', CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' ELSE 'default' END,
  'locale', CASE WHEN c.collprovider IN ('i', 'b')
    THEN COALESCE(to_json(c) ->> 'colllocale', to_json(c) ->> 'colliculocale', c.collcollate::text) END,
  'rules', c.collicurules, -- since 16
  'collate', CASE WHEN c.collprovider = 'c' THEN c.collcollate::text END,
  'ctype', CASE WHEN c.collprovider = 'c' THEN c.collctype::text END,
  'nondeterministic', NOT c.collisdeterministic,
  'encoding', CASE WHEN c.collencoding >= 0 THEN pg_encoding_to_char(c.collencoding) END,
  'version', c.collversion
) AS properties
FROM pg_collation AS c
JOIN ours AS n ON n.oid = c.collnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_collation'::regclass AND m.objid = c.oid)
