-- revision: 4a8c61f3d9b2
-- parent: e05b3972af1c
-- message: add full-text search to products
-- created: 2026-03-09 09:00:00+00:00

ALTER TABLE shop.products ADD COLUMN search tsvector;

-- A trigger and not a generated column, because the words of the category count too and live in another table.
CREATE FUNCTION shop.products_set_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    category_name text;
BEGIN
    SELECT c.name INTO category_name FROM shop.categories AS c WHERE c.category_id = NEW.category_id;
    -- An unknown category is left for the foreign key to report.
    NEW.search := setweight(to_tsvector('english', NEW.name), 'A')
        || setweight(to_tsvector('english', coalesce(category_name, '')), 'B')
        || setweight(to_tsvector('english', NEW.description), 'C');
    RETURN NEW;
END
$function$;

CREATE TRIGGER products_set_search
    BEFORE INSERT OR UPDATE OF name, description, category_id, search ON shop.products
    FOR EACH ROW EXECUTE FUNCTION shop.products_set_search();

CREATE FUNCTION shop.categories_renew_search() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Whatever is assigned, the trigger on products computes the column anew.
    UPDATE shop.products SET search = NULL WHERE category_id = NEW.category_id;
    RETURN NULL;
END
$function$;

CREATE TRIGGER categories_renew_search
    AFTER UPDATE OF name ON shop.categories
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION shop.categories_renew_search();

-- The products that are already there pass through the trigger once.
UPDATE shop.products SET search = NULL;

ALTER TABLE shop.products ALTER COLUMN search SET NOT NULL;

CREATE INDEX products_search_idx ON shop.products USING gin (search);

COMMENT ON COLUMN shop.products.search IS 'Kept by triggers: name (A), category (B), description (C).';
COMMENT ON FUNCTION shop.products_set_search() IS 'Computes products.search.';
COMMENT ON FUNCTION shop.categories_renew_search() IS 'Renews products.search when their category is renamed.';
