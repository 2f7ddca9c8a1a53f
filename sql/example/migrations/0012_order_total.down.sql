-- revision: f47209bd6ac8

-- Its check constraint goes with the column.
ALTER TABLE shop.orders DROP COLUMN total;
