-- revision: 4d4d4d4d4d4d
-- parent: 2b2b2b2b2b2b
-- message: index orders

SELECT 4;
