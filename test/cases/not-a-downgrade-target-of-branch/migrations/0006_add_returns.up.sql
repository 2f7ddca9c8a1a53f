-- revision: 0badcafe0001
-- parent: 55af2cb1c267
-- message: add returns
-- created: 2024-03-06 09:30

SELECT 1;
