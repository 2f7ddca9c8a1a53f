-- Procedural languages that no extension brought.
SELECT 'language' AS class, ARRAY[l.lanname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', pg_get_userbyid(l.lanowner),
  'privileges', to_json(COALESCE(l.lanacl, acldefault('l', l.lanowner))::text[]),
  'trusted', l.lanpltrusted,
  'handler', CASE WHEN l.lanplcallfoid <> 0 THEN l.lanplcallfoid::regproc::text END,
  'inline', CASE WHEN l.laninline <> 0 THEN l.laninline::regproc::text END,
  'validator', CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc::text END
) AS properties
FROM pg_language AS l
WHERE l.lanispl AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_language'::regclass AND m.objid = l.oid)
