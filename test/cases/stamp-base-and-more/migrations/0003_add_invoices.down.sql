-- revision: 7d1e0c2f9b34

SELECT 1;
