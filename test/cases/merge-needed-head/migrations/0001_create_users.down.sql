-- revision: 29f859a13ea1

SELECT 1;
