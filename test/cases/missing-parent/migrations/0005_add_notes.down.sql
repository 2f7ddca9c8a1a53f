-- revision: c0ffee000005

SELECT 1;
