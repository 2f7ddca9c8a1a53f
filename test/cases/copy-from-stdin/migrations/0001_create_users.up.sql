-- revision: 0a1b2c3d4e5f
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);

COPY users (id, name) FROM stdin;
1	O'Brien; or so
2	\N
\.

CREATE INDEX users_name ON users (name);
