-- revision: b2

DROP TABLE tags;
