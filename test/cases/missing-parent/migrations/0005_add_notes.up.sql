-- revision: c0ffee000005
-- parent: 0001

SELECT 1;
