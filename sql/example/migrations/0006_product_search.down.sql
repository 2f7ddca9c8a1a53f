-- revision: 4a8c61f3d9b2

DROP TRIGGER categories_renew_search ON shop.categories;
DROP TRIGGER products_set_search ON shop.products;
DROP FUNCTION shop.categories_renew_search();
DROP FUNCTION shop.products_set_search();

-- Its index goes with the column.
ALTER TABLE shop.products DROP COLUMN search;
