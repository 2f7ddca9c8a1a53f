-- Casts.
SELECT 'cast' AS class, ARRAY[format_type(c.castsource, NULL), format_type(c.casttarget, NULL)] AS identity,
  NULL::text[] AS parent, json_build_object(
  'method', CASE c.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout' ELSE 'binary' END,
  'function', CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END,
  'context', CASE c.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' ELSE 'explicit' END
) AS properties
FROM pg_cast AS c
WHERE c.oid >= 16384
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
