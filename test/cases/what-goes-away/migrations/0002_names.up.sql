-- revision: names
-- parent: users
CREATE FUNCTION forget_names() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE users SET name = NULL; END;
CREATE VIEW people AS SELECT name FROM users;
CREATE INDEX users_email ON users (email);
