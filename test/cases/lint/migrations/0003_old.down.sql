-- revision: 0003

DROP TABLE shop.old;
