-- Domains.
SELECT 'domain' AS class, ARRAY[n.name, t.typname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(t.typowner),
  'privileges', to_json(COALESCE(t.typacl, acldefault('T', t.typowner))::text[]),
  'type', format_type(t.typbasetype, t.typtypmod),
  'collation', CASE WHEN t.typcollation <> b.typcollation THEN (
    SELECT format('%I.%I', cn.nspname, k.collname)
    FROM pg_collation AS k JOIN pg_namespace AS cn ON cn.oid = k.collnamespace WHERE k.oid = t.typcollation) END,
  'default', pg_get_expr(t.typdefaultbin, 0),
  'notNullConstraint', (SELECT k.conname FROM pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'n'), -- since 17
  'notNull', t.typnotnull
) AS properties
FROM pg_type AS t
JOIN ours AS n ON n.oid = t.typnamespace
JOIN pg_type AS b ON b.oid = t.typbasetype
WHERE t.typtype = 'd'
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
