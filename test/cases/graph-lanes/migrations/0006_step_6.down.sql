-- revision: 6f6f6f6f6f6f

SELECT -6;
