-- revision: a1
-- parent: none
-- branch-labels: é😀

CREATE TABLE users (id bigint PRIMARY KEY);
