-- revision: b3e86a5f1d07

DROP TABLE shop.products;
DROP TABLE shop.categories;
