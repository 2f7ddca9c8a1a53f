-- revision: b2
ALTER TABLE shop.orders DROP COLUMN public_id;
