-- revision: b2
-- parent: a1

INSERT INTO users VALUES (1, 2);
