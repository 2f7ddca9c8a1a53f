-- revision: 4d4d4d4d4d4d

SELECT -4;
