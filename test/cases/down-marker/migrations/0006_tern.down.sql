-- revision: tttt

DROP TABLE g;
