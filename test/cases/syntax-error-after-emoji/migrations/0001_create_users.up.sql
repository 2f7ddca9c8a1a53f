-- revision: 0a1b2c3d4e5f
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);

-- émojis count as one column: 😀
INSERT INTO users VALUES (1, 'é😀'), (2 'x');
