-- revision: c3

DROP TABLE orders;
