-- revision: b1

DROP TABLE keys;
