-- revision: e5
ALTER TABLE shop.orders ADD COLUMN note text;
UPDATE shop.orders SET note = '';
