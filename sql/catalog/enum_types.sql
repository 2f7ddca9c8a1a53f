-- Enumerated types, with their labels in order.
SELECT 'enum type' AS class, ARRAY[n.name, t.typname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(t.typowner),
  'privileges', to_json(COALESCE(t.typacl, acldefault('T', t.typowner))::text[]),
  'labels', to_json(ARRAY(SELECT e.enumlabel FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder))
) AS properties
FROM pg_type AS t
JOIN ours AS n ON n.oid = t.typnamespace
WHERE t.typtype = 'e'
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
