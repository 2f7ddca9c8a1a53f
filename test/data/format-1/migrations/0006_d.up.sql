-- revision: d
-- parent: m
-- transaction: none
-- depends-on: a

INSERT INTO t VALUES (2);
CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x);
INSERT INTO t VALUES (3);
