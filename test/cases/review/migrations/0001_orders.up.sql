-- revision: a1
-- parent: none
-- message: orders
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text);
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint, total int, note text);
CREATE TABLE shop."odd
DROP TABLE shop.orders; --" (id int);
