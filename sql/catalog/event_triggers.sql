-- Event triggers.
SELECT 'event trigger' AS class, ARRAY[t.evtname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', pg_get_userbyid(t.evtowner),
  'event', t.evtevent,
  'tags', to_json(ARRAY(SELECT g FROM unnest(t.evttags) AS g ORDER BY g COLLATE "C")),
  'function', t.evtfoid::regprocedure::text,
  'enabled', CASE t.evtenabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
) AS properties
FROM pg_event_trigger AS t
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = t.oid)
