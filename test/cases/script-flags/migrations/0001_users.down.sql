-- revision: a

DROP TABLE users;
