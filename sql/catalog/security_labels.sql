-- Security labels.
SELECT 'security label' AS class, ARRAY[l.provider, i.type] || i.object_names || i.object_args AS identity,
  NULL::text[] AS parent, json_build_object('label', l.label) AS properties
FROM pg_seclabel AS l
CROSS JOIN pg_identify_object_as_address(l.classoid, l.objoid, l.objsubid) AS i
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = l.classoid AND m.objid = l.objoid)
