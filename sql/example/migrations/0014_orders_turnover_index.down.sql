-- revision: a9371fe2c04d

DROP INDEX CONCURRENTLY shop.orders_turnover_idx;
