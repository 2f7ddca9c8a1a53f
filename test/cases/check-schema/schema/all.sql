CREATE VIEW names AS SELECT name FROM users;
CREATE TABLE users (name text, id int NOT NULL);
