-- revision: b1
-- accepts: all

DROP TABLE keys;
