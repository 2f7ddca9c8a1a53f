-- revision: cccc

DROP TABLE l;
