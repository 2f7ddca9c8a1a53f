-- revision: 0a1b2c3d4e5f
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);

MERGE INTO users USING (VALUES (1, 'root')) AS seed (id, name) ON users.id = seed.id
WHEN NOT MATCHED THEN INSERT VALUES (seed.id, seed.name)
RETURNING users.id;

ALTER TABLE users ADD COLUMN shout text GENERATED ALWAYS AS (upper(name)) VIRTUAL;
