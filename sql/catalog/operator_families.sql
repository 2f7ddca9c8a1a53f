-- Operator families, with all operators and functions in them: of their classes and loose.
SELECT 'operator family' AS class, ARRAY[n.name, f.opfname, a.amname] AS identity,
  ARRAY['schema', n.name] AS parent, json_build_object(
  'owner', pg_get_userbyid(f.opfowner),
  'operators', to_json(ARRAY(
    SELECT format('%s %s%s', o.amopstrategy, o.amopopr::regoperator,
      CASE o.amoppurpose WHEN 'o' THEN format(' for order by %I.%I', sn.nspname, sf.opfname) END) COLLATE "C" AS operator
    FROM pg_amop AS o
    LEFT JOIN pg_opfamily AS sf ON sf.oid = o.amopsortfamily
    LEFT JOIN pg_namespace AS sn ON sn.oid = sf.opfnamespace
    WHERE o.amopfamily = f.oid ORDER BY 1)),
  'functions', to_json(ARRAY(
    SELECT format('%s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, NULL),
      format_type(p.amprocrighttype, NULL), p.amproc::regprocedure) COLLATE "C" AS function
    FROM pg_amproc AS p WHERE p.amprocfamily = f.oid ORDER BY 1))
) AS properties
FROM pg_opfamily AS f
JOIN ours AS n ON n.oid = f.opfnamespace
JOIN pg_am AS a ON a.oid = f.opfmethod
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid)
