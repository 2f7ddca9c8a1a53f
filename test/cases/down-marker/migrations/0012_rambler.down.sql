-- revision: rrrr

DROP TABLE m;
