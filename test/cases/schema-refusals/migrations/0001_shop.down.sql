-- revision: a1

DROP TABLE tags, users;
