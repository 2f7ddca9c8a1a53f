-- revision: c3
DROP INDEX CONCURRENTLY shop.orders_customer;
