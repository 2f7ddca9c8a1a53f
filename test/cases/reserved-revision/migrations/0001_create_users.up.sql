-- revision: head
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY);
