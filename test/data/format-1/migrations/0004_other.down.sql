-- revision: other

SELECT 1;
