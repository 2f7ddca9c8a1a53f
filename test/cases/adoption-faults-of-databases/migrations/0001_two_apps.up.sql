-- revision: a1
-- parent: none

CREATE SCHEMA shop;
CREATE TABLE shop.schema_migrations (version bigint, dirty boolean);
CREATE SCHEMA blog;
CREATE TABLE blog.schema_migrations (version bigint, dirty boolean);
INSERT INTO blog.schema_migrations VALUES (1, false);
