-- Objects that are dropped with an extension that did not bring them: ALTER … DEPENDS ON EXTENSION.
SELECT 'extension dependency' AS class, ARRAY[e.extname::text, i.type] || i.object_names || i.object_args AS identity,
  ARRAY['extension', e.extname] AS parent, '{}'::json AS properties
FROM pg_depend AS d
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
CROSS JOIN pg_identify_object_as_address(d.classid, d.objid, d.objsubid) AS i
WHERE d.deptype = 'x'
