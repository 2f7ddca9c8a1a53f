-- revision: 2b2b2b2b2b2b
-- parent: 1a1a1a1a1a1a
-- message: create orders

SELECT 2;
