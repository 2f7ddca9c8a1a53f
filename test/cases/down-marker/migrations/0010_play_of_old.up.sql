-- revision: qqqq
-- parent: pppp

-- --- !Ups
CREATE TABLE k (i int);

-- --- !Downs
DROP TABLE k;
