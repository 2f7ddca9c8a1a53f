-- Transforms.
SELECT 'transform' AS class, ARRAY[format_type(t.trftype, NULL), l.lanname] AS identity,
  NULL::text[] AS parent, json_build_object(
  'fromSql', CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regproc::text END,
  'toSql', CASE WHEN t.trftosql <> 0 THEN t.trftosql::regproc::text END
) AS properties
FROM pg_transform AS t
JOIN pg_language AS l ON l.oid = t.trflang
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_transform'::regclass AND m.objid = t.oid)
