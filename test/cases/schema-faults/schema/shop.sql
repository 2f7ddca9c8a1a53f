CREATE SCHEMA shop;
CREATE TABLE shop.events (id bigint PRIMARY KEY, kind text);
CREATE TABLE shop.kinds (name text);
