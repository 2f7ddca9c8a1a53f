-- revision: a
-- parent: none
-- message: it's the first: é

CREATE TABLE t (x int);
