-- Base types and shell types.
SELECT 'base type' AS class, ARRAY[n.name, t.typname] AS identity, ARRAY['schema', n.name] AS parent,
  json_build_object(
  'owner', pg_get_userbyid(t.typowner),
  'privileges', to_json(COALESCE(t.typacl, acldefault('T', t.typowner))::text[]),
  'shell', NOT t.typisdefined,
  'input', t.typinput::regproc::text,
  'output', t.typoutput::regproc::text,
  'receive', CASE WHEN t.typreceive <> 0 THEN t.typreceive::regproc::text END,
  'send', CASE WHEN t.typsend <> 0 THEN t.typsend::regproc::text END,
  'modifierInput', CASE WHEN t.typmodin <> 0 THEN t.typmodin::regproc::text END,
  'modifierOutput', CASE WHEN t.typmodout <> 0 THEN t.typmodout::regproc::text END,
  'analyze', CASE WHEN t.typanalyze <> 0 THEN t.typanalyze::regproc::text END,
  'subscript', CASE WHEN t.typsubscript <> 0 THEN t.typsubscript::regproc::text END, -- since 14
  'length', t.typlen,
  'byValue', t.typbyval,
  'alignment', t.typalign,
  'storage', t.typstorage,
  'category', t.typcategory,
  'preferred', t.typispreferred,
  'delimiter', t.typdelim,
  'element', CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END,
  'collatable', t.typcollation <> 0,
  'default', t.typdefault
) AS properties
FROM pg_type AS t
JOIN ours AS n ON n.oid = t.typnamespace
WHERE (t.typtype = 'b' OR t.typtype = 'p' AND NOT t.typisdefined)
  AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.typarray = t.oid)
  AND NOT EXISTS (SELECT FROM members AS m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
