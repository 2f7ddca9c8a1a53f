-- revision: a+1
-- parent: none
-- author: Ada

CREATE TABLE users (id bigint PRIMARY KEY);
