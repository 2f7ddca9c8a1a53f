-- revision: 55af2cb1c267
-- parent: 7d1e0c2f9b34
-- message: add orders
-- created: 2024-03-03 09:30

SELECT 1;
