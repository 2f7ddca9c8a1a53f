-- revision: c3
-- parent: a1
-- batch: 1000
UPDATE t SET y = 2 WHERE id IN (SELECT id FROM t WHERE y = 1 LIMIT :batch_size);
