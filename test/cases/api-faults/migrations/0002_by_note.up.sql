-- revision: b2
-- parent: a1

CREATE INDEX orders_note ON shop.orders (note);
