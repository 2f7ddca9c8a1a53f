-- Columns of tables, foreign tables, views and materialized views; attributes of composite types.
-- pg_attver counts changes of a column in some minor versions: it is none of its options.
SELECT CASE r.class WHEN 'composite type' THEN 'attribute' ELSE 'column' END AS class,
  ARRAY[r.schema, r.name, a.attname] AS identity, ARRAY[r.class, r.schema, r.name] AS parent, json_build_object(
  'type', format_type(a.atttypid, a.atttypmod),
  'collation', CASE WHEN a.attcollation <> t.typcollation THEN (
    SELECT format('%I.%I', n.nspname, k.collname)
    FROM pg_collation AS k JOIN pg_namespace AS n ON n.oid = k.collnamespace WHERE k.oid = a.attcollation) END,
  'notNull', a.attnotnull,
  'notNullConstraint', k.conname, -- since 18
  'notNullNotValid', NOT k.convalidated, -- since 18
  'notNullNoInherit', k.connoinherit, -- since 18
  'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
  'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid)
    || CASE a.attgenerated WHEN 's' THEN ' STORED' ELSE ' VIRTUAL' END END,
  'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
  'storage', CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage
    WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END,
  'compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END, -- since 14
  'statistics', NULLIF(a.attstattarget, -1),
  'options', to_json(ARRAY(SELECT o FROM unnest(a.attoptions) AS o
    WHERE NOT starts_with(o, 'pg_attver=') ORDER BY o COLLATE "C")),
  'foreignOptions', to_json(a.attfdwoptions),
  'inherited', NOT a.attislocal,
  'privileges', to_json(a.attacl::text[])
) AS properties
FROM relations AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_constraint AS k ON k.conrelid = r.oid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] -- since 18
WHERE r.class IN ('table', 'foreign table', 'view', 'materialized view', 'composite type')
