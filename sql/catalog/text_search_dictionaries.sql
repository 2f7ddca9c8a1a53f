-- Text search dictionaries.
SELECT 'text search dictionary' AS class, ARRAY[n.name, d.dictname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(d.dictowner),
  'template', (SELECT format('%I.%I', tn.nspname, t.tmplname)
    FROM pg_ts_template AS t JOIN pg_namespace AS tn ON tn.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate),
  'options', d.dictinitoption
) AS properties
FROM pg_ts_dict AS d
JOIN ours AS n ON n.oid = d.dictnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_ts_dict'::regclass AND m.objid = d.oid)
