-- Views and materialized views.
SELECT r.class, ARRAY[r.schema, r.name] AS identity, ARRAY['schema', r.schema] AS parent, json_build_object(
  'owner', pg_get_userbyid(c.relowner),
  'privileges', to_json(COALESCE(c.relacl, acldefault('r', c.relowner))::text[]),
  'options', to_json(ARRAY(SELECT o FROM unnest(c.reloptions) AS o ORDER BY o COLLATE "C")),
  'toastOptions', (SELECT to_json(ARRAY(SELECT o FROM unnest(t.reloptions) AS o ORDER BY o COLLATE "C"))
    FROM pg_class AS t WHERE t.oid = c.reltoastrelid),
  'accessMethod', (SELECT a.amname FROM pg_am AS a WHERE a.oid = c.relam),
  'tablespace', (SELECT s.spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace),
  'notPopulated', NOT c.relispopulated,
  'definition', pg_get_viewdef(c.oid)
) AS properties
FROM relations AS r
JOIN pg_class AS c ON c.oid = r.oid
WHERE c.relkind IN ('v', 'm')
