-- Comments. Those on relations and columns are most; the way to the names of all others takes longer.
SELECT 'comment' AS class, ARRAY[r.class, r.schema, r.name]
    || CASE WHEN a.attname IS NULL THEN '{}' ELSE ARRAY[a.attname::text] END AS identity,
  ARRAY[r.class, r.schema, r.name] AS parent, json_build_object('text', d.description) AS properties
FROM pg_description AS d
JOIN relations AS r ON r.oid = d.objoid
LEFT JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE d.classoid = 'pg_class'::regclass
UNION ALL
SELECT 'comment', ARRAY[i.type] || i.object_names || i.object_args,
  CASE WHEN d.classoid = 'pg_namespace'::regclass THEN ARRAY[i.type] || i.object_names END,
  json_build_object('text', d.description)
FROM pg_description AS d
CROSS JOIN pg_identify_object_as_address(d.classoid, d.objoid, d.objsubid) AS i
WHERE d.classoid <> 'pg_class'::regclass
  AND (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid IN (SELECT n.oid FROM ours AS n))
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = d.classoid AND m.objid = d.objoid)
  AND i.object_names[1] <> 'retort'
