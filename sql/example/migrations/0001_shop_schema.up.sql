-- revision: 29f859a13ea1
-- parent: none
-- message: create the shop's schema
-- created: 2026-03-02 09:14:00+00:00

-- Everything lives in a schema of its own and is named with it, so no migration depends on a search_path.
CREATE SCHEMA shop;

COMMENT ON SCHEMA shop IS 'The web shop: catalogue, customers, orders, billing.';
