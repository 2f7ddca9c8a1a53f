-- revision: nnnn

DROP TABLE f;
