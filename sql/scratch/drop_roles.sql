-- Drops all roles that initdb did not make, as far as nothing needs them: for a server of our own.
DO $body$
DECLARE
  role pg_catalog.name;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR role IN SELECT r.rolname FROM pg_roles AS r WHERE r.oid >= 16384 LOOP
    BEGIN
      EXECUTE format('DROP OWNED BY %I', role);
      EXECUTE format('DROP ROLE %I', role);
    EXCEPTION WHEN dependent_objects_still_exist THEN
      NULL;
    END;
  END LOOP;
END
$body$;
