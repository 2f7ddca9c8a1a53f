-- revision: c3
-- parent: b2

CREATE TABLE orders (id bigint PRIMARY KEY);
