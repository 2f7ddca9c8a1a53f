-- revision: aa2
-- parent: aa1
-- irreversible: a test
-- parent of all orders

CREATE TABLE orders (id int);
