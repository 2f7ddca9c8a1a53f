-- revision: 3c3c3c3c3c3c
-- parent: 2b2b2b2b2b2b
-- branch-labels: billing
-- message: create invoices

SELECT 3;
