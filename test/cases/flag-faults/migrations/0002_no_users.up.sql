-- revision: b2
-- parent: a1
-- irreversible: the names are gone

DELETE FROM users;
