-- revision: a1

DROP TABLE rooms;
