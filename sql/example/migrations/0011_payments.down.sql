-- revision: 83a5cf1e97d4

DROP TABLE shop.payments;
DROP FUNCTION shop.payments_settle_order();
