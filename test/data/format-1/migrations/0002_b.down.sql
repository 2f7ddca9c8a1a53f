-- revision: b

SELECT 1;
