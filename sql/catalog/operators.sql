-- Operators.
SELECT 'operator' AS class, ARRAY[n.name, o.oprname,
    format('%s, %s', CASE o.oprleft WHEN 0 THEN 'none' ELSE format_type(o.oprleft, NULL) END,
      CASE o.oprright WHEN 0 THEN 'none' ELSE format_type(o.oprright, NULL) END)] AS identity,
  ARRAY['schema', n.name] AS parent, json_build_object(
  'owner', pg_get_userbyid(o.oprowner),
  'function', CASE WHEN o.oprcode <> 0 THEN o.oprcode::regprocedure::text END,
  'commutator', CASE WHEN o.oprcom <> 0 THEN o.oprcom::regoperator::text END,
  'negator', CASE WHEN o.oprnegate <> 0 THEN o.oprnegate::regoperator::text END,
  'restriction', CASE WHEN o.oprrest <> 0 THEN o.oprrest::regproc::text END,
  'join', CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::regproc::text END,
  'hashes', o.oprcanhash,
  'merges', o.oprcanmerge
) AS properties
FROM pg_operator AS o
JOIN ours AS n ON n.oid = o.oprnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_operator'::regclass AND m.objid = o.oid)
