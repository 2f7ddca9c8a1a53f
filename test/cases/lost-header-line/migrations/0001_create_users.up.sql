-- revision: a1
-- parent: none
-- message: create users

-- no lock is held for long
-- transaction: none
VACUUM users;
