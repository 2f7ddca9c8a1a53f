-- revision: c3

DROP TABLE invoices;
