-- revision: 0a1b2c3d4e5f

DROP FUNCTION users_touch();
DROP TABLE users;
