-- Schemas. What initdb gives to public differs between major versions and is left out.
SELECT 'schema' AS class, ARRAY[n.nspname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', CASE WHEN n.nspname <> 'public' OR n.nspowner <> initial.owner THEN pg_get_userbyid(n.nspowner) END,
  'privileges', CASE WHEN n.nspname <> 'public' OR n.nspacl::text[] IS DISTINCT FROM ARRAY[
      format('%s=UC/%1$s', initial.owner::regrole), format('=%s/%s', initial.everybody, initial.owner::regrole)]
    THEN to_json(COALESCE(n.nspacl, acldefault('n', n.nspowner))::text[]) END
) AS properties
FROM pg_namespace AS n
JOIN ours ON ours.oid = n.oid
CROSS JOIN (SELECT CASE WHEN is_old THEN 10 ELSE 6171 END::oid AS owner, CASE WHEN is_old THEN 'UC' ELSE 'U' END AS everybody
  FROM (SELECT current_setting('server_version_num')::integer < 150000 AS is_old) AS version) AS initial
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
