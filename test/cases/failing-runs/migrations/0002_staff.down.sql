-- revision: b2

DELETE FROM users;
