-- revision: b
-- parent: a

CREATE INDEX CONCURRENTLY users_id ON users (id);
