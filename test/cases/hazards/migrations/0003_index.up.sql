-- revision: c3
-- parent: b2
-- message: index by customer
CREATE INDEX CONCURRENTLY orders_customer ON shop.orders (customer_id);
