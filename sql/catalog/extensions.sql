-- Extensions; what they brought is theirs.
SELECT 'extension' AS class, ARRAY[e.extname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'schema', n.nspname,
  'version', e.extversion
) AS properties
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
