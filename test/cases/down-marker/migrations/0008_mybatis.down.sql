-- revision: yyyy

DROP TABLE i;
