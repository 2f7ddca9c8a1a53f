-- revision: a1
-- parent: none
-- message: create users

-- note: depends-on: is not meant here
-- parent: the table above
-- message: prose
-- https://example.org

CREATE TABLE users (id bigint PRIMARY KEY);
