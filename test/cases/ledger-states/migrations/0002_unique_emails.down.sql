-- revision: b2

DROP INDEX users_email;
