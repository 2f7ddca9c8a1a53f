-- Aggregate functions.
SELECT 'aggregate' AS class, ARRAY[n.name, p.proname, oidvectortypes(p.proargtypes)] AS identity,
  ARRAY['schema', n.name] AS parent, json_build_object(
  'owner', pg_get_userbyid(p.proowner),
  'privileges', to_json(COALESCE(p.proacl, acldefault('f', p.proowner))::text[]),
  'arguments', pg_get_function_arguments(p.oid),
  'result', pg_get_function_result(p.oid),
  'kind', CASE a.aggkind WHEN 'o' THEN 'ordered set' WHEN 'h' THEN 'hypothetical set' END,
  'directArguments', NULLIF(a.aggnumdirectargs, 0),
  'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END,
  'stateFunction', a.aggtransfn::regprocedure::text,
  'stateType', format_type(a.aggtranstype, NULL),
  'stateSize', NULLIF(a.aggtransspace, 0),
  'initial', a.agginitval,
  'finalFunction', CASE WHEN a.aggfinalfn <> 0 THEN a.aggfinalfn::regprocedure::text END,
  'finalExtra', a.aggfinalextra,
  'finalModify', a.aggfinalmodify,
  'combineFunction', CASE WHEN a.aggcombinefn <> 0 THEN a.aggcombinefn::regprocedure::text END,
  'serialFunction', CASE WHEN a.aggserialfn <> 0 THEN a.aggserialfn::regprocedure::text END,
  'deserialFunction', CASE WHEN a.aggdeserialfn <> 0 THEN a.aggdeserialfn::regprocedure::text END,
  'movingStateFunction', CASE WHEN a.aggmtransfn <> 0 THEN a.aggmtransfn::regprocedure::text END,
  'movingInverseFunction', CASE WHEN a.aggminvtransfn <> 0 THEN a.aggminvtransfn::regprocedure::text END,
  'movingFinalFunction', CASE WHEN a.aggmfinalfn <> 0 THEN a.aggmfinalfn::regprocedure::text END,
  'movingStateType', CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END,
  'movingStateSize', NULLIF(a.aggmtransspace, 0),
  'movingInitial', a.aggminitval,
  'movingFinalExtra', a.aggmfinalextra,
  'movingFinalModify', a.aggmfinalmodify,
  'sortOperator', CASE WHEN a.aggsortop <> 0 THEN a.aggsortop::regoperator::text END
) AS properties
FROM pg_aggregate AS a
JOIN pg_proc AS p ON p.oid = a.aggfnoid
JOIN ours AS n ON n.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
