-- Constraints of domains. NOT NULL is the domain's.
SELECT 'domain constraint' AS class, ARRAY[n.name, t.typname, k.conname] AS identity,
  ARRAY['domain', n.name, t.typname] AS parent, json_build_object('definition', pg_get_constraintdef(k.oid)) AS properties
FROM pg_constraint AS k
JOIN pg_type AS t ON t.oid = k.contypid
JOIN ours AS n ON n.oid = t.typnamespace
WHERE k.contype = 'c'
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
