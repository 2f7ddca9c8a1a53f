-- revision: c3

DROP INDEX shop.events_kind;
