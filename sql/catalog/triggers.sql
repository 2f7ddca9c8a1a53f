-- Triggers; of those that a partition has from its parent only those that are enabled otherwise.
SELECT 'trigger' AS class, ARRAY[r.schema, r.name, t.tgname] AS identity,
  ARRAY[r.class, r.schema, r.name] AS parent, json_build_object(
  'definition', pg_get_triggerdef(t.oid),
  'enabled', CASE t.tgenabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END,
  'inherited', p.oid IS NOT NULL
) AS properties
FROM relations AS r
JOIN pg_trigger AS t ON t.tgrelid = r.oid
LEFT JOIN pg_depend AS d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
  AND d.refclassid = 'pg_trigger'::regclass AND d.deptype IN ('P', 'I')
LEFT JOIN pg_trigger AS p ON p.oid = d.refobjid
WHERE CASE WHEN p.oid IS NULL THEN NOT t.tgisinternal ELSE t.tgenabled <> p.tgenabled AND t.tgconstraint = 0 END
