-- revision: a1

DROP TABLE orders;
