-- revision: 7c41d0be92f3

DROP TABLE shop.users;
