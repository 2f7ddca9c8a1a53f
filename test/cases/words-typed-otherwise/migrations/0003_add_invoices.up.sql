-- revision: 7d1e0c2f9b34
-- parent: 29f859a13ea1
-- branch-labels: billing
-- message: add invoices
-- created: 2024-03-03 09:30

SELECT 1;
