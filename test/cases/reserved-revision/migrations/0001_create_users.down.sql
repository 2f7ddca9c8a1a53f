-- revision: head

DROP TABLE users;
