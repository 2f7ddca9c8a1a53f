-- Foreign servers.
SELECT 'server' AS class, ARRAY[s.srvname::text] AS identity, ARRAY['foreign-data wrapper', w.fdwname] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(s.srvowner),
  'privileges', to_json(COALESCE(s.srvacl, acldefault('S', s.srvowner))::text[]),
  'wrapper', w.fdwname,
  'type', s.srvtype,
  'serverVersion', s.srvversion,
  'foreignOptions', to_json(s.srvoptions)
) AS properties
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_foreign_server'::regclass AND m.objid = s.oid)
