-- revision: 1d9f27c8e4a6

DROP TABLE shop.order_lines;
DROP TABLE shop.orders;
