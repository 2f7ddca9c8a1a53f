-- revision: a9371fe2c04d
-- parent: 06cd8e5b3f91
-- message: index orders for the turnover report
-- created: 2026-03-19 07:55:00+00:00

-- Alone in its migration, which therefore runs outside a transaction: orders go on being placed while it builds.
-- No IF NOT EXISTS, which would take the invalid index of a failed build for a finished one.
CREATE INDEX CONCURRENTLY orders_turnover_idx ON shop.orders (placed_at) INCLUDE (total);
