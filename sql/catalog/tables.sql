-- Tables, partitioned tables, partitions and foreign tables.
SELECT r.class, ARRAY[r.schema, r.name] AS identity, ARRAY['schema', r.schema] AS parent, json_build_object(
  'owner', pg_get_userbyid(c.relowner),
  'privileges', to_json(COALESCE(c.relacl, acldefault('r', c.relowner))::text[]),
  'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
  'options', to_json(ARRAY(SELECT o FROM unnest(c.reloptions) AS o ORDER BY o COLLATE "C")),
  'toastOptions', (SELECT to_json(ARRAY(SELECT o FROM unnest(t.reloptions) AS o ORDER BY o COLLATE "C"))
    FROM pg_class AS t WHERE t.oid = c.reltoastrelid),
  'accessMethod', (SELECT a.amname FROM pg_am AS a WHERE a.oid = c.relam),
  'tablespace', (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace),
  'rowSecurity', c.relrowsecurity,
  'forceRowSecurity', c.relforcerowsecurity,
  'replicaIdentity', CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END,
  'ofType', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
  'inherits', CASE WHEN NOT c.relispartition THEN to_json(ARRAY(
    SELECT i.inhparent::regclass::text FROM pg_inherits AS i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno)) END,
  'partitionOf', CASE WHEN c.relispartition THEN (
    SELECT i.inhparent::regclass::text FROM pg_inherits AS i WHERE i.inhrelid = c.oid) END,
  'detachPending', (SELECT bool_or(i.inhdetachpending) FROM pg_inherits AS i WHERE i.inhrelid = c.oid), -- since 14
  'bound', CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
  'partitionKey', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
  'server', (SELECT s.srvname FROM pg_foreign_table AS f JOIN pg_foreign_server AS s ON s.oid = f.ftserver
    WHERE f.ftrelid = c.oid),
  'foreignOptions', (SELECT to_json(f.ftoptions) FROM pg_foreign_table AS f WHERE f.ftrelid = c.oid),
  'columns', to_json(ARRAY(SELECT a.attname FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum))
) AS properties
FROM relations AS r
JOIN pg_class AS c ON c.oid = r.oid
WHERE c.relkind IN ('r', 'p', 'f')
