-- revision: c0ffee123456
-- parent: 55af2cb1c267, 7d1e0c2f9b34
-- message: merge
-- created: 2024-03-04 09:30

SELECT 1;
