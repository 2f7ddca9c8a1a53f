-- revision: 0002
-- parent: 0001
-- message: totals

ALTER TABLE shop.orders
  ADD CONSTRAINT total_is_positive CHECK (total > 0);

-- retort-ignore: drop-column (nothing reads it)
ALTER TABLE shop.orders DROP COLUMN note;
