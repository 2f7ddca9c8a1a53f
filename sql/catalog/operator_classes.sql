-- Operator classes; the operators and functions in them are their families'.
SELECT 'operator class' AS class, ARRAY[n.name, o.opcname, a.amname] AS identity,
  ARRAY['operator family', fn.nspname, f.opfname, a.amname] AS parent, json_build_object(
  'owner', pg_get_userbyid(o.opcowner),
  'family', format('%I.%I', fn.nspname, f.opfname),
  'type', format_type(o.opcintype, NULL),
  'storage', CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END,
  'default', o.opcdefault
) AS properties
FROM pg_opclass AS o
JOIN ours AS n ON n.oid = o.opcnamespace
JOIN pg_am AS a ON a.oid = o.opcmethod
JOIN pg_opfamily AS f ON f.oid = o.opcfamily
JOIN pg_namespace AS fn ON fn.oid = f.opfnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_opclass'::regclass AND m.objid = o.oid)
