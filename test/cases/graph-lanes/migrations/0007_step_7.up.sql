-- revision: 7a7a7a7a7a7a
-- parent: none
-- branch-labels: prices
-- message: 料金表 😀 as a data set of its own

SELECT 7;
