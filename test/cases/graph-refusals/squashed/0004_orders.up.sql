-- revision: d4
-- parent: c3
-- irreversible: an example

CREATE TABLE orders (id integer);
