-- revision: b2

DELETE FROM users;
DROP TABLE notes;
