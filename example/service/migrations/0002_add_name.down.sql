-- revision: 9b62e7d41f05

ALTER TABLE users DROP COLUMN name;
