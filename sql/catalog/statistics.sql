-- Extended statistics.
SELECT 'statistics' AS class, ARRAY[n.name, s.stxname] AS identity, ARRAY[r.class, r.schema, r.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(s.stxowner),
  'target', NULLIF(s.stxstattarget, -1), -- since 13
  'definition', pg_get_statisticsobjdef(s.oid)
) AS properties
FROM pg_statistic_ext AS s
JOIN ours AS n ON n.oid = s.stxnamespace
JOIN relations AS r ON r.oid = s.stxrelid
