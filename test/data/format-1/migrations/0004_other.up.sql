-- revision: other
-- parent: b
-- branch-labels: side

SELECT 2, 2;
