-- revision: c0ffee123456
-- parent: 7d1e0c2f9b34
-- message: add dunning
-- created: 2024-03-05 09:30

SELECT 1;
