-- revision: c0ffee123456

SELECT 1;
