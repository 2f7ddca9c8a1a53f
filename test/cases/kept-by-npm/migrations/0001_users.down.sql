-- revision: a1

DROP TABLE users;
