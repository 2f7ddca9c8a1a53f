-- Drops all that a database has, but for what each database begins with. What cannot be dropped this way (privileges on
-- system objects, default privileges in all schemas) stays: whoever needs an empty database looks whether it is one.
DO $body$
DECLARE
  statement pg_catalog.text;
  subscription pg_catalog.name;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR subscription IN SELECT s.subname FROM pg_subscription AS s
    WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
  LOOP
    EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', subscription);
    EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subscription);
    EXECUTE format('DROP SUBSCRIPTION %I', subscription);
  END LOOP;
  FOR statement IN
    SELECT format('DROP EVENT TRIGGER IF EXISTS %I', t.evtname) FROM pg_event_trigger AS t
    UNION ALL SELECT format('DROP PUBLICATION IF EXISTS %I', p.pubname) FROM pg_publication AS p
    UNION ALL SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', e.extname) FROM pg_extension AS e
      WHERE e.extname <> 'plpgsql'
    UNION ALL SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', n.nspname) FROM pg_namespace AS n
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL SELECT format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', w.fdwname) FROM pg_foreign_data_wrapper AS w
    UNION ALL SELECT format('DROP LANGUAGE IF EXISTS %I CASCADE', l.lanname) FROM pg_language AS l
      WHERE l.lanispl AND l.lanname <> 'plpgsql'
    UNION ALL SELECT format('DROP ACCESS METHOD IF EXISTS %I CASCADE', a.amname) FROM pg_am AS a WHERE a.oid >= 16384
    UNION ALL SELECT format('DROP CAST IF EXISTS (%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))
      FROM pg_cast AS c
      JOIN pg_type AS s ON s.oid = c.castsource AND s.typnamespace = 'pg_catalog'::regnamespace
      JOIN pg_type AS t ON t.oid = c.casttarget AND t.typnamespace = 'pg_catalog'::regnamespace
      WHERE c.oid >= 16384
    UNION ALL SELECT format('SELECT lo_unlink(%s)', l.oid) FROM pg_largeobject_metadata AS l
  LOOP
    EXECUTE statement;
  END LOOP;
  CREATE SCHEMA public;
  IF current_setting('server_version_num')::integer < 150000 THEN
    EXECUTE format('ALTER SCHEMA public OWNER TO %I', pg_get_userbyid(10));
    GRANT ALL ON SCHEMA public TO PUBLIC;
  ELSE
    ALTER SCHEMA public OWNER TO pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
  END IF;
  COMMENT ON SCHEMA public IS 'standard public schema';
END
$body$;
