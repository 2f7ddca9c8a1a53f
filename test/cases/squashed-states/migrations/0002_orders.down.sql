-- revision: d4

DROP TABLE orders;
