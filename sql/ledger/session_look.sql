-- What the script would say of its session, in the words of its own check.

DO $body$
DECLARE
  role CONSTANT pg_catalog.text := NULL;
  flags CONSTANT pg_catalog.text := '';
  key bigint;
  roles pg_catalog.name[];
  found pg_catalog.text;
  options pg_catalog.text;
  hint pg_catalog.text;
BEGIN
  PERFORM set_config('retort_script.flags', flags, true);
  /* session_checks */
EXCEPTION WHEN SQLSTATE 'RT001' THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  PERFORM set_config('retort_preflight.session', concat(replace(SQLERRM, 'retort: ', ''), '. ',
    replace(hint, 'Nothing was changed. ', '')), true);
END
$body$;
