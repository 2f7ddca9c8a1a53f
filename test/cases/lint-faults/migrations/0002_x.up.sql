-- revision: 0002
-- parent: 0001
-- irreversible: no way

ALTER TABLE shop.orders ADD note2 text;
COMMIT;
ALTR TABLE x;
