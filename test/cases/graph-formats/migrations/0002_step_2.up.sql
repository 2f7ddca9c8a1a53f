-- revision: end
-- parent: 1a1a
-- branch-labels: end_of_line
-- message: <b>1</b> & `2`; #quot; \N {3|4}

SELECT 2;
