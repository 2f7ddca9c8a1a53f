-- Functions, window functions and procedures. A body in standard SQL has no text of its own.
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS class,
  ARRAY[n.name, p.proname, oidvectortypes(p.proargtypes)] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(p.proowner),
  'privileges', to_json(COALESCE(p.proacl, acldefault('f', p.proowner))::text[]),
  'arguments', pg_get_function_arguments(p.oid),
  'result', pg_get_function_result(p.oid),
  'language', l.lanname,
  'body', COALESCE(
    pg_get_function_sqlbody(p.oid), -- since 14
    p.prosrc),
  'library', p.probin,
  'window', p.prokind = 'w',
  'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END,
  'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END,
  'strict', p.proisstrict,
  'leakproof', p.proleakproof,
  'securityDefiner', p.prosecdef,
  'cost', p.procost,
  'rows', NULLIF(p.prorows, 0),
  'support', CASE WHEN p.prosupport <> 0 THEN p.prosupport::regproc::text END,
  'settings', to_json(ARRAY(SELECT s FROM unnest(p.proconfig) AS s ORDER BY s COLLATE "C")),
  'transforms', to_json(ARRAY(SELECT format_type(t, NULL) FROM unnest(p.protrftypes) AS t))
) AS properties
FROM pg_proc AS p
JOIN ours AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.prokind IN ('f', 'w', 'p')
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
