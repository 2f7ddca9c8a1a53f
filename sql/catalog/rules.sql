-- Rules, but for those that make a view one.
SELECT 'rule' AS class, ARRAY[r.schema, r.name, w.rulename] AS identity,
  ARRAY[r.class, r.schema, r.name] AS parent, json_build_object(
  'definition', pg_get_ruledef(w.oid),
  'enabled', CASE w.ev_enabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END
) AS properties
FROM relations AS r
JOIN pg_rewrite AS w ON w.ev_class = r.oid
WHERE w.rulename <> '_RETURN'
