-- revision: ae1027a6acf2
-- parent: 7d1e0c2f9b34
-- message: add refunds
-- created: 2024-03-04 09:30

SELECT 1;
