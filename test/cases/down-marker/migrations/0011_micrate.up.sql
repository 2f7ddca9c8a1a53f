-- revision: cccc
-- parent: qqqq

-- +micrate Up
CREATE TABLE l (i int);

-- +micrate Down
DROP TABLE l;
