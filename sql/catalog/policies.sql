-- Row security policies.
SELECT 'policy' AS class, ARRAY[r.schema, r.name, p.polname] AS identity,
  ARRAY[r.class, r.schema, r.name] AS parent, json_build_object(
  'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
    WHEN 'd' THEN 'delete' ELSE 'all' END,
  'restrictive', NOT p.polpermissive,
  'roles', to_json(ARRAY(SELECT CASE o WHEN 0 THEN 'public' ELSE pg_get_userbyid(o)::text END COLLATE "C" AS role
    FROM unnest(p.polroles) AS o ORDER BY 1)),
  'using', pg_get_expr(p.polqual, p.polrelid),
  'check', pg_get_expr(p.polwithcheck, p.polrelid)
) AS properties
FROM relations AS r
JOIN pg_policy AS p ON p.polrelid = r.oid
