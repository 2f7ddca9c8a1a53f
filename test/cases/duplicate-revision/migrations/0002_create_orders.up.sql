-- revision: a1
-- parent: none

CREATE TABLE orders (id bigint PRIMARY KEY);
