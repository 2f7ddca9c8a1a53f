-- The shop that the examples of rules are migrations of: what is in the database before them, with rows.
CREATE SCHEMA shop;
CREATE TYPE shop.size AS ENUM ('small', 'large');
CREATE DOMAIN shop.amount AS integer CHECK (value >= 0);
CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE shop.orders (
  id bigint PRIMARY KEY, customer_id bigint, total integer NOT NULL, note varchar(50), placed timestamp NOT NULL DEFAULT now(),
  pieces integer
);
CREATE INDEX orders_customer ON shop.orders (customer_id);
CREATE INDEX orders_note ON shop.orders (note);
CREATE TABLE shop.invoices (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES shop.orders (id), amount shop.amount);
CREATE TABLE shop.notes (number bigint, order_id bigint, remark text);
CREATE UNIQUE INDEX notes_number ON shop.notes (number);
CREATE TABLE shop.bookings (
  period int4range, price integer DEFAULT 0, size shop.size, nights integer GENERATED ALWAYS AS (price * 2) STORED
);
CREATE TABLE shop.parts (id bigint PRIMARY KEY, whole bigint REFERENCES shop.parts (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE shop.events (day date NOT NULL, what text) PARTITION BY RANGE (day);
CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.events_2026 (day date NOT NULL, what text);
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer_id, sum(total) AS total FROM shop.orders GROUP BY customer_id;
CREATE UNIQUE INDEX totals_customer ON shop.totals (customer_id);
CREATE VIEW shop.open AS SELECT id, total FROM shop.orders;
CREATE SCHEMA old;
CREATE VIEW old.report AS SELECT 1 AS one;
INSERT INTO shop.customers VALUES (1, 'A@example.com'), (2, 'b@example.com');
INSERT INTO shop.orders VALUES (1, 1, 10, 'first'), (2, 2, 20, 'second'), (3, 1, 30, 'third');
INSERT INTO shop.invoices VALUES (1, 1, 10);
INSERT INTO shop.notes VALUES (1, 1, 'a'), (2, 2, 'b');
INSERT INTO shop.bookings VALUES ('[1,3)', 10, 'small'), ('[5,7)', 20, 'large');
INSERT INTO shop.parts VALUES (1, NULL);
INSERT INTO shop.events VALUES ('2025-05-05', 'a');
INSERT INTO shop.events_2026 VALUES ('2026-05-05', 'b');
