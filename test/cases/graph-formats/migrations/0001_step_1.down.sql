-- revision: 1a1a

SELECT -1;
