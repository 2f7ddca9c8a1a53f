-- revision: a1
-- parent: shop@head

CREATE TABLE users (id bigint PRIMARY KEY);
