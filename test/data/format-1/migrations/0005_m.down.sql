-- revision: m

SELECT 1;
