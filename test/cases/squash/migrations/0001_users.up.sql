-- revision: a1
-- parent: none

-- who
CREATE TABLE users (id int);
