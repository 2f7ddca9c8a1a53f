-- User mappings. The view shows their options only to those who may see them.
SELECT 'user mapping' AS class, ARRAY[u.srvname::text, u.usename::text] AS identity,
  ARRAY['server', u.srvname] AS parent, json_build_object('foreignOptions', to_json(u.umoptions)) AS properties
FROM pg_user_mappings AS u
