-- revision: c6174e8ad3f9
-- parent: e05b3972af1c
-- branch-labels: billing
-- message: create invoices
-- created: 2026-03-11 08:50:00+00:00

-- Billing is developed beside the trunk from the seed on. It may run before or after anything there, so it uses
-- nothing of orders that the trunk changes (their flags become a status in 0007).
CREATE TABLE shop.invoices (
    invoice_no bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    order_id   uuid NOT NULL,
    amount     numeric(12, 2) NOT NULL,
    issued_at  timestamptz DEFAULT now() NOT NULL,
    due_on     date NOT NULL,
    CONSTRAINT invoices_pkey PRIMARY KEY (invoice_no),
    CONSTRAINT invoices_order_id_key UNIQUE (order_id),
    CONSTRAINT invoices_order_id_fkey FOREIGN KEY (order_id) REFERENCES shop.orders (order_id),
    CONSTRAINT invoices_amount_check CHECK (amount >= 0)
);

COMMENT ON TABLE shop.invoices IS 'One invoice per order, issued when it was placed.';
COMMENT ON COLUMN shop.invoices.amount IS 'In euros, with tax: the sum of the order''s lines.';

-- Numbers in the order of the sales; the due day is a day in UTC, not in the session's time zone.
INSERT INTO shop.invoices (order_id, amount, issued_at, due_on)
SELECT o.order_id, sum(l.quantity * l.unit_price), o.placed_at, (o.placed_at AT TIME ZONE 'UTC')::date + 30
FROM shop.orders AS o
JOIN shop.order_lines AS l ON l.order_id = o.order_id
GROUP BY o.order_id
ORDER BY o.placed_at, o.order_id;
