-- revision: aa3

DROP TABLE b;
