-- revision: 83a5cf1e97d4
-- parent: c6174e8ad3f9
-- depends-on: 9f2d7be0c583
-- message: take payments, which settle their order
-- created: 2026-03-17 15:02:00+00:00

CREATE TABLE shop.payments (
    payment_id uuid DEFAULT gen_random_uuid() NOT NULL,
    invoice_no bigint NOT NULL,
    amount     numeric(12, 2) NOT NULL,
    method     text NOT NULL,
    paid_at    timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT payments_pkey PRIMARY KEY (payment_id),
    CONSTRAINT payments_invoice_no_fkey FOREIGN KEY (invoice_no) REFERENCES shop.invoices (invoice_no),
    CONSTRAINT payments_amount_check CHECK (amount > 0),
    CONSTRAINT payments_method_check CHECK (method IN ('card', 'transfer', 'voucher'))
);

CREATE INDEX payments_invoice_no_idx ON shop.payments (invoice_no);

COMMENT ON TABLE shop.payments IS 'Money received; an invoice may be paid in parts.';

-- This is what needs the trunk's order status: hence depends-on, and not a second parent.
CREATE FUNCTION shop.payments_settle_order() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Two part payments at once: the second waits here, then sees the first. NO KEY, because the foreign key of each
    -- payment already holds a key share lock, and a full lock would deadlock on it.
    PERFORM FROM shop.invoices AS i WHERE i.invoice_no = NEW.invoice_no FOR NO KEY UPDATE;

    UPDATE shop.orders AS o
    SET status = 'paid'
    FROM shop.invoices AS i
    WHERE i.invoice_no = NEW.invoice_no
      AND o.order_id = i.order_id
      AND o.status = 'placed'
      AND i.amount <= (SELECT sum(p.amount) FROM shop.payments AS p WHERE p.invoice_no = i.invoice_no);
    RETURN NULL;
END
$function$;

CREATE TRIGGER payments_settle_order
    AFTER INSERT ON shop.payments
    FOR EACH ROW EXECUTE FUNCTION shop.payments_settle_order();

COMMENT ON FUNCTION shop.payments_settle_order() IS 'Marks an order as paid once its invoice is paid in full.';
