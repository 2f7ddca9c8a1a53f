-- revision: 5e5e5e5e5e5e
-- parent: 3c3c3c3c3c3c
-- depends-on: 4d4d4d4d4d4d
-- message: take payments

SELECT 5;
