-- revision: a1
-- parent:

CREATE TABLE users (id bigint PRIMARY KEY);
