-- revision: users
DROP FUNCTION purge;
DROP FUNCTION forget_names;
DROP TABLE users;
