-- revision: b2

DROP INDEX shop.orders_note;
