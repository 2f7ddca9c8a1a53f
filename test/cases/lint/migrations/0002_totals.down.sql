-- revision: 0002

ALTER TABLE shop.orders DROP CONSTRAINT total_is_positive, ADD COLUMN note text;
