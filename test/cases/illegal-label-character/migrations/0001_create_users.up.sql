-- revision: a1
-- parent: none
-- message: create users
-- branch-labels: shop, größe@2

CREATE TABLE users (id bigint PRIMARY KEY);
