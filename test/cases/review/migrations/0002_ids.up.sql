-- revision: b2
-- parent: a1
-- message: public ids
ALTER TABLE shop.orders ADD COLUMN public_id uuid DEFAULT gen_random_uuid();
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
