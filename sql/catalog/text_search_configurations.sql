-- Text search configurations, with the dictionaries of each kind of token in order.
SELECT 'text search configuration' AS class, ARRAY[n.name, c.cfgname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(c.cfgowner),
  'parser', (SELECT format('%I.%I', pn.nspname, p.prsname)
    FROM pg_ts_parser AS p JOIN pg_namespace AS pn ON pn.oid = p.prsnamespace WHERE p.oid = c.cfgparser),
  'mappings', (SELECT json_object_agg(k.alias, k.dictionaries) FROM (
    SELECT (SELECT y.alias FROM ts_token_type(c.cfgparser) AS y WHERE y.tokid = m.maptokentype) AS alias,
      to_json(array_agg(m.mapdict::regdictionary::text ORDER BY m.mapseqno)) AS dictionaries
    FROM pg_ts_config_map AS m WHERE m.mapcfg = c.oid GROUP BY m.maptokentype) AS k)
) AS properties
FROM pg_ts_config AS c
JOIN ours AS n ON n.oid = c.cfgnamespace
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_ts_config'::regclass AND m.objid = c.oid)
