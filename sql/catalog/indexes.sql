-- Indexes, those of constraints too.
SELECT 'index' AS class, ARRAY[t.schema, r.name] AS identity,
  CASE WHEN k.conname IS NULL THEN ARRAY[t.class, t.schema, t.name]
    ELSE ARRAY['constraint', t.schema, t.name, k.conname] END AS parent, json_build_object(
  'definition', pg_get_indexdef(i.indexrelid),
  'invalid', NOT i.indisvalid,
  'clustered', i.indisclustered,
  'replicaIdentity', i.indisreplident,
  'partOf', (SELECT p.inhparent::regclass::text FROM pg_inherits AS p WHERE p.inhrelid = i.indexrelid),
  'tablespace', (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace),
  'statistics', (SELECT json_object_agg(a.attnum, a.attstattarget) FROM pg_attribute AS a
    WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)
) AS properties
FROM pg_index AS i
JOIN relations AS r ON r.oid = i.indexrelid
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN relations AS t ON t.oid = i.indrelid
LEFT JOIN pg_constraint AS k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
