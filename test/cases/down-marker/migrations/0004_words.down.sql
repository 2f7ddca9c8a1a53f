-- revision: wwww

DROP TABLE e;
