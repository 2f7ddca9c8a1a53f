-- revision: g7
-- parent: d4
-- irreversible: an example
-- replaces: d4

CREATE TABLE orders (id integer);
