-- revision: 0a1b2c3d4e5f
-- parent: none

-- What the schema is.
BEGIN; -- all or nothing

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO users VALUES (1, 'Ann');

COMMIT; -- done
