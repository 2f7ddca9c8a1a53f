-- revision: 9f2d7be0c583
-- accepts: lossy (both flags are derived from the status; it has no flag for a paid order)

ALTER TABLE shop.orders
    ADD COLUMN is_shipped boolean DEFAULT false NOT NULL,
    ADD COLUMN is_cancelled boolean DEFAULT false NOT NULL;

-- The flags have no word for 'paid': such an order is simply open again.
UPDATE shop.orders
SET is_shipped = (status = 'shipped'),
    is_cancelled = (status = 'cancelled')
WHERE status IN ('shipped', 'cancelled');

ALTER TABLE shop.orders
    ADD CONSTRAINT orders_state_check CHECK (NOT (is_shipped AND is_cancelled)),
    DROP COLUMN status;

DROP TYPE shop.order_status;
