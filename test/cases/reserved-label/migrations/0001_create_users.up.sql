-- revision: a1
-- parent: none
-- message: create users
-- branch-labels: current

CREATE TABLE users (id bigint PRIMARY KEY);
