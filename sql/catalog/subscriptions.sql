-- Subscriptions, without where they connect to.
SELECT 'subscription' AS class, ARRAY[s.subname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', pg_get_userbyid(s.subowner),
  'binary', s.subbinary, -- since 14
  'streaming', CASE s.substream::text WHEN 't' THEN 'on' WHEN 'true' THEN 'on' WHEN 'p' THEN 'parallel' END, -- since 14
  'twoPhase', s.subtwophasestate <> 'd', -- since 15
  'disableOnError', s.subdisableonerr, -- since 15
  'noPasswordRequired', NOT s.subpasswordrequired, -- since 16
  'runAsOwner', s.subrunasowner, -- since 16
  'origin', NULLIF(s.suborigin, 'any'), -- since 16
  'failover', s.subfailover, -- since 17
  'enabled', s.subenabled,
  'slot', s.subslotname,
  'synchronousCommit', s.subsynccommit,
  'publications', to_json(ARRAY(SELECT p FROM unnest(s.subpublications) AS p ORDER BY p COLLATE "C"))
) AS properties
FROM pg_subscription AS s
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
