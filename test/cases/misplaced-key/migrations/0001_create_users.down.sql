-- revision: a1
-- parent: none

DROP TABLE users;
