-- Schemas. What initdb gives to public differs between major versions and is left out.
SELECT 'schema' AS class, ARRAY[n.nspname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', CASE WHEN n.nspname <> 'public' OR n.nspowner <>
    CASE WHEN current_setting('server_version_num')::integer < 150000 THEN 10 ELSE 6171 END
    THEN pg_get_userbyid(n.nspowner) END,
  'privileges', CASE WHEN n.nspname <> 'public' OR n.nspacl IS DISTINCT FROM (
      SELECT i.initprivs FROM pg_init_privs AS i
      WHERE i.classoid = 'pg_namespace'::regclass AND i.objoid = n.oid AND i.objsubid = 0)
    THEN to_json(COALESCE(n.nspacl, acldefault('n', n.nspowner))::text[]) END
) AS properties
FROM pg_namespace AS n
JOIN ours ON ours.oid = n.oid
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
