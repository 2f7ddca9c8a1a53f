-- revision: c3
-- parent: b2

CREATE UNIQUE INDEX CONCURRENTLY events_kind ON shop.events (kind);
