-- revision: ssss

DROP TABLE b;
