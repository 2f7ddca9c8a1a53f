-- revision: e5
-- parent: d4
-- message: drop the note
ALTER TABLE shop.orders DROP COLUMN note;
DO $$ BEGIN EXECUTE format('ALTER TABLE %I.%I ADD x int', 'shop', 'orders'); END $$;
LOCK TABLE shop."odd
DROP TABLE shop.orders; --";
