-- revision: 01dc0ffee001
-- parent: none

SELECT 1;
