CREATE TABLE events (id integer);
CREATE TABLE clicks (url text) INHERITS (events);
ALTER TABLE events ADD at timestamptz;
