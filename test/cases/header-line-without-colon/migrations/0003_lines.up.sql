-- revision: aa3
-- parent: aa2
-- irreversible = a test

CREATE TABLE lines (id int);
