-- revision: 1a1a1a1a1a1a
-- parent: none
-- message: create users

SELECT 1;
