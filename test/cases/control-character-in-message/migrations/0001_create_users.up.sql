-- revision: a1
-- parent: none
-- message: [31mred

CREATE TABLE users (id bigint PRIMARY KEY);
