-- revision: b2
-- parent: a1
-- transaction: none

-- batch: many
UPDATE t SET y = 1 WHERE id IN (SELECT id FROM t WHERE y IS NULL LIMIT :batch_size);

-- batch: 1000
UPDATE t SET y = 1 WHERE y IS NULL;

-- batch: 1000 by t.id
UPDATE t SET y = 1 WHERE id >= :batch_from;

-- batch: 1000
VACUUM t;

DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT :batch_size);

-- Batch: 1000
UPDATE t SET y = 2 WHERE y IS NULL;

-- batch: 1000
WITH gone AS (DELETE FROM t WHERE y = 3 RETURNING id)
UPDATE t SET y = 4 WHERE id IN (SELECT id FROM t WHERE y = 3 LIMIT :batch_size) RETURNING id;

-- batch: 1000
WITH gone AS (DELETE FROM t WHERE y = 5 RETURNING id)
UPDATE t SET y = 6 WHERE id IN (SELECT id FROM t WHERE y = 5 LIMIT :batch_size);

-- batches: 10
UPDATE t SET y = 7 WHERE id = ANY (ARRAY(SELECT id FROM t WHERE y IS NULL LIMIT 10));

-- batch 3
UPDATE t SET y = 8 WHERE id IN (SELECT id FROM t WHERE y IS NULL LIMIT 10);

-- batch 3
UPDATE t SET y = (SELECT id FROM t ORDER BY id LIMIT 1);
