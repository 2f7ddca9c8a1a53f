-- revision: a1
-- parnet: none

CREATE TABLE users (id bigint PRIMARY KEY);
