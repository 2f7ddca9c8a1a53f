-- revision: pppp
-- parent: yyyy

-- !Ups
CREATE TABLE j (i int);

-- !Downs
DROP TABLE j;
