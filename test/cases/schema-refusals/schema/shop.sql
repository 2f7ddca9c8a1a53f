CREATE TABLE users (id integer, full_name text);
CREATE TABLE tags (id integer);
