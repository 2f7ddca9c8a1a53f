-- revision: a1
-- parent: none

CREATE TABLE users (email text);
INSERT INTO users VALUES ('a@example.com'), ('a@example.com');
