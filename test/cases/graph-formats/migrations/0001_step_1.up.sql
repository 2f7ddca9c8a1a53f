-- revision: 1a1a
-- parent: none
-- message: say "hi" ]) --> x[(y

SELECT 1;
