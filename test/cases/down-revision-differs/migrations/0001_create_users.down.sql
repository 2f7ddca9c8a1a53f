-- revision: a2

DROP TABLE users;
