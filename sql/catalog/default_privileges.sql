-- Default privileges of a role, in one schema or in all.
SELECT 'default privileges' AS class, ARRAY[pg_get_userbyid(d.defaclrole)::text,
    CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
      WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END]
  || CASE WHEN d.defaclnamespace = 0 THEN '{}'::text[] ELSE ARRAY[n.name] END AS identity,
  CASE WHEN d.defaclnamespace <> 0 THEN ARRAY['schema', n.name] END AS parent, json_build_object(
  'privileges', to_json(d.defaclacl::text[])
) AS properties
FROM pg_default_acl AS d
LEFT JOIN ours AS n ON n.oid = d.defaclnamespace
WHERE d.defaclnamespace = 0 OR n.oid IS NOT NULL
