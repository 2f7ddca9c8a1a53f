-- revision: 06cd8e5b3f91
-- parent: f47209bd6ac8
-- message: fill the total of existing orders
-- created: 2026-03-18 10:40:00+00:00

-- Only what is still empty: orders placed since 0012 bring their total along. No line is a total of 0, not of nothing.
-- batch: 1000
UPDATE shop.orders AS o
SET total = coalesce(
    (SELECT sum(l.quantity * l.unit_price) FROM shop.order_lines AS l WHERE l.order_id = o.order_id),
    0
)
WHERE o.order_id IN (SELECT e.order_id FROM shop.orders AS e WHERE e.total IS NULL LIMIT :batch_size);
