-- revision: c
-- parent: b

SELECT 1;
