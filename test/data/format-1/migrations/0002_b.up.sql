-- revision: b
-- parent: a

INSERT INTO t VALUES (1), (1);
