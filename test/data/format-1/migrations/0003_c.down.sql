-- revision: c

SELECT 1;
