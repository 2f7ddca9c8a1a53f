-- revision: 1d9f27c8e4a6
-- parent: b3e86a5f1d07
-- message: create orders and their lines
-- created: 2026-03-03 10:42:00+00:00

CREATE TABLE shop.orders (
    order_id     uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id      uuid NOT NULL,
    placed_at    timestamptz DEFAULT now() NOT NULL,
    is_shipped   boolean DEFAULT false NOT NULL,
    is_cancelled boolean DEFAULT false NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (order_id),
    CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES shop.users (user_id),
    CONSTRAINT orders_state_check CHECK (NOT (is_shipped AND is_cancelled))
);

CREATE INDEX orders_user_id_idx ON shop.orders (user_id);

COMMENT ON TABLE shop.orders IS 'Orders as they were placed.';

CREATE TABLE shop.order_lines (
    order_id   uuid NOT NULL,
    line_no    integer NOT NULL,
    product_id uuid NOT NULL,
    quantity   integer NOT NULL,
    unit_price numeric(12, 2) NOT NULL,
    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, line_no),
    CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id)
        REFERENCES shop.orders (order_id) ON DELETE CASCADE,
    CONSTRAINT order_lines_product_id_fkey FOREIGN KEY (product_id) REFERENCES shop.products (product_id),
    CONSTRAINT order_lines_line_no_check CHECK (line_no > 0),
    CONSTRAINT order_lines_quantity_check CHECK (quantity > 0),
    CONSTRAINT order_lines_unit_price_check CHECK (unit_price >= 0)
);

-- The primary key already serves order_id.
CREATE INDEX order_lines_product_id_idx ON shop.order_lines (product_id);

COMMENT ON TABLE shop.order_lines IS 'The products of an order.';
COMMENT ON COLUMN shop.order_lines.unit_price IS 'Copied from the product when the order was placed; later prices do not reach it.';
