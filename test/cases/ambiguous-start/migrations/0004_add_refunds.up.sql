-- revision: ae1027a6acf2
-- parent: 55af2cb1c267
-- message: add refunds
-- created: 2024-03-04 09:30

SELECT 1;
