-- revision: 6f6f6f6f6f6f
-- parent: 4d4d4d4d4d4d, 5e5e5e5e5e5e
-- message: merge billing

SELECT 6;
