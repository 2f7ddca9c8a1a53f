-- revision: ssss
-- parent: gggg

CREATE TABLE b (i int);
-- what takes it back
-- +migrate Down notransaction
DROP TABLE b;
SELECT 1;
