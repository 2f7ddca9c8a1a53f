CREATE TABLE items (id bigint);
CREATE INDEX CONCURRENTLY items_id ON items (id);
