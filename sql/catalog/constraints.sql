-- Constraints of tables. NOT NULL is the column's. A foreign key of a partition that comes from its parent's is left out.
-- Its triggers are on both tables.
SELECT 'constraint' AS class, ARRAY[r.schema, r.name, k.conname] AS identity,
  ARRAY[r.class, r.schema, r.name] AS parent, json_build_object(
  'type', CASE k.contype WHEN 'c' THEN 'check' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
    WHEN 'x' THEN 'exclusion' WHEN 'f' THEN 'foreign key' END,
  'definition', pg_get_constraintdef(k.oid),
  'inherited', k.contype = 'c' AND NOT k.conislocal,
  'triggers', CASE k.contype WHEN 'f' THEN (
    SELECT json_object_agg(t.relation, t.enabled ORDER BY t.relation) FROM (
      SELECT t.tgrelid::regclass::text AS relation, string_agg(DISTINCT CASE t.tgenabled
        WHEN 'D' THEN 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' ELSE 'origin' END, ', ') AS enabled
      FROM pg_trigger AS t
      WHERE t.tgconstraint = k.oid AND t.tgisinternal
      GROUP BY t.tgrelid HAVING bool_or(t.tgenabled <> 'O')) AS t) END
) AS properties
FROM relations AS r
JOIN pg_constraint AS k ON k.conrelid = r.oid
WHERE k.contype IN ('c', 'p', 'u', 'x', 'f') AND (k.contype <> 'f' OR k.conparentid = 0)
