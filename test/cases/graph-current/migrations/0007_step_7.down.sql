-- revision: 7a7a7a7a7a7a

SELECT -7;
