-- revision: 7d1e0c2f9b34
-- parent: 29f859a13ea1
-- depends-on: 55af2cb1c267
-- message: add invoices
-- created: 2024-03-03 09:30

SELECT 1;
