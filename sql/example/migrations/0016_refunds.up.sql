-- revision: 3fb05c94e8d2
-- parent: 62e4b8d07a1f
-- message: refund payments
-- created: 2026-03-24 13:33:00+00:00

-- Adding a value is allowed in a transaction; using it is not, before that is committed. Nothing here does.
ALTER TYPE shop.order_status ADD VALUE 'refunded';

-- Last of three (0012, 0013): what may be refunded is measured by the total, so from here on every order has one.
ALTER TABLE shop.orders ALTER COLUMN total SET NOT NULL;

CREATE TABLE shop.refunds (
    refund_id   uuid DEFAULT gen_random_uuid() NOT NULL,
    payment_id  uuid NOT NULL,
    amount      numeric(12, 2) NOT NULL,
    reason      text NOT NULL,
    refunded_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (refund_id),
    CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES shop.payments (payment_id),
    CONSTRAINT refunds_amount_check CHECK (amount > 0),
    CONSTRAINT refunds_reason_check CHECK (reason <> '')
);

CREATE INDEX refunds_payment_id_idx ON shop.refunds (payment_id);

COMMENT ON TABLE shop.refunds IS 'Money given back; a payment may be refunded in parts.';
