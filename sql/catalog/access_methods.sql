-- Access methods.
SELECT 'access method' AS class, ARRAY[a.amname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'type', CASE a.amtype WHEN 'i' THEN 'index' ELSE 'table' END,
  'handler', a.amhandler::regproc::text
) AS properties
FROM pg_am AS a
WHERE a.oid >= 16384
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_am'::regclass AND m.objid = a.oid)
