-- revision: c3

CREATE TABLE notes (id int);
