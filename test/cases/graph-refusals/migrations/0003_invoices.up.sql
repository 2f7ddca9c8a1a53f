-- revision: c3
-- parent: b2
-- branch-labels: billing

CREATE TABLE invoices (id integer);
