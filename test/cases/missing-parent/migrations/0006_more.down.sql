-- revision: 01dc0ffee006

SELECT 1;
