-- revision: 7d1e0c2f9b34
-- parent: 29f8
-- message: add invoices
-- created: 2024-03-03 09:30

SELECT 1;
