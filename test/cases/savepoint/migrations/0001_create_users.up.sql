-- revision: 0a1b2c3d4e5f
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);

SAVEPOINT before_seed;
INSERT INTO users VALUES (1, 'root');
ROLLBACK TO SAVEPOINT before_seed;
