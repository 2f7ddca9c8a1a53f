-- revision: ae1027a6acf2

SELECT 1;
