-- revision: 29f859a13ea1
-- parent: 7d1e0c2f9b34
-- message: create users
-- created: 2024-03-01 09:30

SELECT 1;
