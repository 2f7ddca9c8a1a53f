-- revision: 2b2b

SELECT -3;
