-- revision: 5be9a03c2f74

DROP INDEX shop.products_name_trgm_idx;
DROP EXTENSION pg_trgm;
