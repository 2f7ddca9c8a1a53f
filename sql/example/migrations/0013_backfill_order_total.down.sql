-- revision: 06cd8e5b3f91

-- Nothing is lost: the lines still say it.
-- batch: 1000
UPDATE shop.orders SET total = NULL
WHERE order_id IN (SELECT order_id FROM shop.orders WHERE total IS NOT NULL LIMIT :batch_size);
