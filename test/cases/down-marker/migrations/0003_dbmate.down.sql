-- revision: dddd

DROP TABLE c;
