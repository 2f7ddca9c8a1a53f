-- revision: a1

DROP TABLE t;
