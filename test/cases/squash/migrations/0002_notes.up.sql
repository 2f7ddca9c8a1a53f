-- revision: b2
-- parent: a1

CREATE TABLE notes (id int);
INSERT INTO users VALUES (1);
