-- revision: a

SELECT 1;
