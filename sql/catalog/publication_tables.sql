-- The tables of publications.
SELECT 'publication table' AS class, ARRAY[p.pubname::text, r.schema, r.name] AS identity,
  ARRAY['publication', p.pubname] AS parent, json_build_object(
  'where', pg_get_expr(t.prqual, t.prrelid), -- since 15
  'columnList', (SELECT to_json(array_agg(a.attname ORDER BY a.attnum)) FROM pg_attribute AS a -- since 15
    WHERE a.attrelid = t.prrelid AND a.attnum = ANY (t.prattrs)), -- since 15
  'table', format('%I.%I', r.schema, r.name)
) AS properties
FROM pg_publication_rel AS t
JOIN pg_publication AS p ON p.oid = t.prpubid
JOIN relations AS r ON r.oid = t.prrelid
