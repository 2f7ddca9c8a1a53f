-- revision: a
-- parent: none
-- message: create users; it's `all` they have

-- Who can sign in.
CREATE TABLE users (id int, tags text[]);
