-- revision: c3

DROP TABLE tags, users;
