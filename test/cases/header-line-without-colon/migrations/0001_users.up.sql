-- revision: aa1
-- parent: none
-- lock-timeout 1s
--- transaction: none
-- irreversible: the first version

CREATE TABLE users (id int);
