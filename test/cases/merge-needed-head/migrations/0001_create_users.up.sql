-- revision: 29f859a13ea1
-- parent: none
-- message: create users
-- created: 2024-03-01 09:30

SELECT 1;
