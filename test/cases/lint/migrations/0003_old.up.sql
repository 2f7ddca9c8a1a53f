-- revision: 0003
-- parent: 0002
-- message: old

CREATE TABLE shop.old (id bigint);
CREATE INDEX old_id ON shop.old (id);
DROP INDEX shop.orders_by_nothing;
