-- revision: d4
-- parent: c3

CREATE TABLE orders (id integer);
