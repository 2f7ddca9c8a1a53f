-- revision: 01dc0ffee006
-- parent: 01dc0ffee001

SELECT 1;
