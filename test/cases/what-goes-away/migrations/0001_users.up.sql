-- revision: users
-- parent: none
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE FUNCTION purge(days int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM users WHERE id > days;
  PERFORM forget_names();
END $$;
