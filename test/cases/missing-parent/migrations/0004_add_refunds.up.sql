-- revision: ae1027a6acf2
-- parent: 0badcafe0001
-- message: add refunds
-- created: 2024-03-04 09:30

SELECT 1;
