-- revision: d

SELECT 1;
