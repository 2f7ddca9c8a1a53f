-- revision: 0001
-- parent: none
-- message: orders

CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, total integer, note text);
CREATE INDEX orders_note ON shop.orders (note);
