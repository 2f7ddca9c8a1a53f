-- revision: 55af2cb1c267

SELECT 1;
