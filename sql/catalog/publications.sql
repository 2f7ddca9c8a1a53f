-- Publications.
SELECT 'publication' AS class, ARRAY[p.pubname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', pg_get_userbyid(p.pubowner),
  'viaRoot', p.pubviaroot, -- since 13
  'schemas', to_json(ARRAY(SELECT n.nspname FROM pg_publication_namespace AS s -- since 15
    JOIN pg_namespace AS n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid ORDER BY n.nspname)), -- since 15
  'generatedColumns', CASE p.pubgencols WHEN 's' THEN 'stored' END, -- since 18
  'allTables', p.puballtables,
  'insert', p.pubinsert,
  'update', p.pubupdate,
  'delete', p.pubdelete,
  'truncate', p.pubtruncate
) AS properties
FROM pg_publication AS p
