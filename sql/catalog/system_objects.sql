-- Privileges on what initdb or an extension brought, where they are others than it brought. initdb writes down none of
-- the information schema's.
SELECT 'system object' AS class, ARRAY[i.type, i.identity] AS identity, NULL::text[] AS parent, json_build_object(
  'privileges', to_json(COALESCE(o.acl, acldefault(o.kind, o.owner))::text[])
) AS properties
FROM (
  SELECT 'pg_class'::regclass AS classid, c.oid, c.relacl AS acl, c.relowner AS owner,
    CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS kind FROM pg_class AS c
  UNION ALL SELECT 'pg_proc'::regclass, p.oid, p.proacl, p.proowner, 'f' FROM pg_proc AS p
  UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typacl, t.typowner, 'T' FROM pg_type AS t
  UNION ALL SELECT 'pg_language'::regclass, l.oid, l.lanacl, l.lanowner, 'l' FROM pg_language AS l
  UNION ALL SELECT 'pg_namespace'::regclass, n.oid, n.nspacl, n.nspowner, 'n' FROM pg_namespace AS n
    WHERE n.nspname <> 'public'
) AS o
LEFT JOIN pg_init_privs AS p ON p.classoid = o.classid AND p.objoid = o.oid AND p.objsubid = 0
CROSS JOIN LATERAL pg_identify_object(o.classid, o.oid, 0) AS i
WHERE (o.oid < 16384 OR EXISTS (SELECT FROM members AS m WHERE m.classid = o.classid AND m.objid = o.oid))
  AND i.identity !~ '^information_schema([^[:alnum:]_]|$)'
  AND COALESCE(o.acl, acldefault(o.kind, o.owner)) IS DISTINCT FROM COALESCE(p.initprivs, acldefault(o.kind, o.owner))
