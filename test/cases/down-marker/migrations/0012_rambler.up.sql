-- revision: rrrr
-- parent: cccc

-- rambler up
CREATE TABLE m (i int);

-- rambler down
DROP TABLE m;
