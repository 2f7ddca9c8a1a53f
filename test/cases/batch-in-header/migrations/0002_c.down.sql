-- revision: c3

SELECT 1;
