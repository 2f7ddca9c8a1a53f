-- revision: nnnn
-- parent: wwww

-- Up Migration
CREATE TABLE f (i int);

-- Down Migration
DROP TABLE f;
