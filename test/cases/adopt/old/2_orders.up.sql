-- BEGIN is a word
BEGIN;
CREATE TABLE orders (id bigint PRIMARY KEY);
COMMIT;
