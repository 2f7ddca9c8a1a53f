-- revision: 3c3c3c3c3c3c

SELECT -3;
