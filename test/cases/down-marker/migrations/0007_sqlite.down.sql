-- revision: llll

DROP TABLE h;
