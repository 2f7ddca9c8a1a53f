-- revision: 2b2b2b2b2b2b

SELECT -2;
