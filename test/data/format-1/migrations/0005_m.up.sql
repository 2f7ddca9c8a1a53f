-- revision: m
-- parent: c, other

SELECT 3;
