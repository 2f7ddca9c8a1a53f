-- revision: b2
-- parent: a1
-- transaction: none

CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email);
