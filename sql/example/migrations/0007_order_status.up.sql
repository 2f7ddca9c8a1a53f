-- revision: 9f2d7be0c583
-- parent: 4a8c61f3d9b2
-- message: turn the flags of an order into one status
-- created: 2026-03-10 14:25:00+00:00

CREATE TYPE shop.order_status AS ENUM ('placed', 'paid', 'shipped', 'cancelled');

COMMENT ON TYPE shop.order_status IS 'The life of an order.';

ALTER TABLE shop.orders ADD COLUMN status shop.order_status DEFAULT 'placed' NOT NULL;

UPDATE shop.orders
SET status = CASE WHEN is_cancelled THEN 'cancelled' ELSE 'shipped' END::shop.order_status
WHERE is_shipped OR is_cancelled;

ALTER TABLE shop.orders
    DROP CONSTRAINT orders_state_check,
    DROP COLUMN is_shipped,
    DROP COLUMN is_cancelled;

-- The open orders are few rows of a growing table, asked for oldest first.
CREATE INDEX orders_placed_idx ON shop.orders (placed_at) WHERE status = 'placed';

COMMENT ON COLUMN shop.orders.status IS 'Where the order stands.';
