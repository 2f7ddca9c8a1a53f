CREATE FUNCTION frozen() RETURNS event_trigger LANGUAGE plpgsql
  AS $$ BEGIN RAISE EXCEPTION 'no changes before the release'; END $$;
CREATE EVENT TRIGGER frozen ON ddl_command_start EXECUTE FUNCTION frozen();
