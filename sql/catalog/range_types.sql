-- Range types, with their multirange types.
SELECT 'range type' AS class, ARRAY[n.name, t.typname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(t.typowner),
  'privileges', to_json(COALESCE(t.typacl, acldefault('T', t.typowner))::text[]),
  'multirange', format_type(r.rngmultitypid, NULL), -- since 14
  'multirangePrivileges', (SELECT to_json(m.typacl::text[]) FROM pg_type AS m WHERE m.oid = r.rngmultitypid), -- since 14
  'subtype', format_type(r.rngsubtype, NULL),
  'operatorClass', (SELECT format('%I.%I', cn.nspname, o.opcname)
    FROM pg_opclass AS o JOIN pg_namespace AS cn ON cn.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
  'collation', (SELECT format('%I.%I', cn.nspname, k.collname)
    FROM pg_collation AS k JOIN pg_namespace AS cn ON cn.oid = k.collnamespace WHERE k.oid = r.rngcollation),
  'canonical', CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::regproc::text END,
  'difference', CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::regproc::text END
) AS properties
FROM pg_range AS r
JOIN pg_type AS t ON t.oid = r.rngtypid
JOIN ours AS n ON n.oid = t.typnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
