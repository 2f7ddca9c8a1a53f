-- revision: d4
DROP TABLE shop.tags;
