-- revision: 0a1b2c3d4e5f

START TRANSACTION;
DROP TABLE users;
END;
