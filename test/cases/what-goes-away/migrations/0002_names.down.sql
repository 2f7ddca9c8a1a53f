-- revision: names
DROP VIEW people;
DROP INDEX users_email;
