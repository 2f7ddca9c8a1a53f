-- revision: a1
-- parent: head

CREATE TABLE users (id bigint PRIMARY KEY);
