-- Foreign-data wrappers.
SELECT 'foreign-data wrapper' AS class, ARRAY[f.fdwname::text] AS identity, NULL::text[] AS parent, json_build_object(
  'owner', pg_get_userbyid(f.fdwowner),
  'privileges', to_json(COALESCE(f.fdwacl, acldefault('F', f.fdwowner))::text[]),
  'handler', CASE WHEN f.fdwhandler <> 0 THEN f.fdwhandler::regproc::text END,
  'validator', CASE WHEN f.fdwvalidator <> 0 THEN f.fdwvalidator::regproc::text END,
  'foreignOptions', to_json(f.fdwoptions)
) AS properties
FROM pg_foreign_data_wrapper AS f
WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_foreign_data_wrapper'::regclass AND m.objid = f.oid)
