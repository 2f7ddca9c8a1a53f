-- revision: b2

SELECT 1;
