-- What the queries of the classes share; they stand behind it in one statement, under
-- search_path = pg_catalog, pg_temp. A line that ends with "since N" is for that major version or later.

-- The schemas that are not the system's, nor the ledger's.
ours AS (
  SELECT n.oid, n.nspname::text AS name
  FROM pg_namespace AS n
  WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'retort')
),
-- Objects that an extension brought.
members AS (
  SELECT d.classid, d.objid FROM pg_depend AS d WHERE d.deptype = 'e'
),
relations AS (
  SELECT c.oid, n.name AS schema, c.relname::text AS name,
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
      WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index'
      ELSE 'table' END AS class
  FROM pg_class AS c
  JOIN ours AS n ON n.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
)
