-- revision: 2b2b
-- parent: 1a1a
-- depends-on: end_of_line
-- message: - %% full-text, the shop's 5é

SELECT 3;
