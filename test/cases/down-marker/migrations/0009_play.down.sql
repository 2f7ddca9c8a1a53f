-- revision: pppp

DROP TABLE j;
