-- revision: e5
ALTER TABLE shop.orders ADD COLUMN note text;
