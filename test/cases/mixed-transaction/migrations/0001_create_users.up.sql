-- revision: 0a1b2c3d4e5f
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);

SET lock_timeout = '5s';

CREATE INDEX CONCURRENTLY users_name
  ON users (name);

INSERT INTO users VALUES (1, 'root');
