-- revision: a1-users

DROP TABLE users;
