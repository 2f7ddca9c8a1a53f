-- revision: 5be9a03c2f74
-- parent: 9f2d7be0c583
-- message: find products by a part of their name
-- created: 2026-03-12 11:08:00+00:00

-- Trusted since PostgreSQL 13: whoever may create in the database may install it.
CREATE EXTENSION pg_trgm WITH SCHEMA shop;

-- Serves name ILIKE '%grind%', which a search for whole words cannot.
CREATE INDEX products_name_trgm_idx ON shop.products USING gin (name shop.gin_trgm_ops);
