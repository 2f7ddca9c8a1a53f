-- revision: c6174e8ad3f9

DROP TABLE shop.invoices;
