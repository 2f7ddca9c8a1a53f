-- revision: yyyy
-- parent: llll

-- // a table
CREATE TABLE i (i int);

-- //@UNDO
DROP TABLE i;
