-- revision: 3f1d8a90c2b7

DROP TABLE users;
