-- revision: aa3
-- parent: none

CREATE TABLE b(i int);
