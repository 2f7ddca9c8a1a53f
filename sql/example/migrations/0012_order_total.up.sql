-- revision: f47209bd6ac8
-- parent: d81f64c72b0e
-- message: add a total to orders
-- created: 2026-03-18 10:15:00+00:00

-- First of three: the column may be empty until 0013 has filled it, and 0016 requires it. In between, the release of
-- the shop that writes it goes out.
ALTER TABLE shop.orders
    ADD COLUMN total numeric(12, 2),
    ADD CONSTRAINT orders_total_check CHECK (total >= 0);

COMMENT ON COLUMN shop.orders.total IS 'In euros, with tax: the sum of the lines when the order was placed.';
