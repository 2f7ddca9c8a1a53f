-- Large objects have no names: how many a role owns, and the privileges on them.
SELECT 'large objects' AS class, ARRAY[pg_get_userbyid(l.lomowner)::text] AS identity, NULL::text[] AS parent,
  json_build_object(
  'count', count(*),
  'privileges', to_json(ARRAY(SELECT DISTINCT p FROM unnest(string_to_array(
    string_agg(DISTINCT array_to_string(l.lomacl::text[], ' | '), ' | '), ' | ')) AS p ORDER BY p))
) AS properties
FROM pg_largeobject_metadata AS l
GROUP BY l.lomowner
