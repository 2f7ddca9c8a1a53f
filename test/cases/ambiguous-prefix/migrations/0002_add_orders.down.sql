-- revision: 29f8c0ffee12

SELECT 1;
