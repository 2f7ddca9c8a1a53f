-- revision: 3fb05c94e8d2

DROP TABLE shop.refunds;

ALTER TABLE shop.orders ALTER COLUMN total DROP NOT NULL;

-- PostgreSQL cannot take a value out of an enum, so the type is made anew. What is written in terms of the old one
-- (the index's condition, the default) steps aside meanwhile.
DROP INDEX shop.orders_placed_idx;
ALTER TABLE shop.orders ALTER COLUMN status DROP DEFAULT;
ALTER TYPE shop.order_status RENAME TO order_status_old;

CREATE TYPE shop.order_status AS ENUM ('placed', 'paid', 'shipped', 'cancelled');
COMMENT ON TYPE shop.order_status IS 'The life of an order.';

-- The nearest thing to a refunded order is a cancelled one.
ALTER TABLE shop.orders
    ALTER COLUMN status TYPE shop.order_status
    USING (CASE status::text WHEN 'refunded' THEN 'cancelled' ELSE status::text END)::shop.order_status;

DROP TYPE shop.order_status_old;
ALTER TABLE shop.orders ALTER COLUMN status SET DEFAULT 'placed';
CREATE INDEX orders_placed_idx ON shop.orders (placed_at) WHERE status = 'placed';
