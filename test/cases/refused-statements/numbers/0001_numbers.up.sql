-- revision: a1
-- parent: none
-- irreversible: an example

CREATE TABLE numbers (n integer);
