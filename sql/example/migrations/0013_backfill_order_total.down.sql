-- revision: 06cd8e5b3f91

-- Nothing is lost: the lines still say it.
UPDATE shop.orders SET total = NULL WHERE total IS NOT NULL;
