-- revision: d4

DROP TABLE tags;
