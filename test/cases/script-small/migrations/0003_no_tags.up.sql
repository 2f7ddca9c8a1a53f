-- revision: c
-- parent: b

UPDATE users SET tags = tags[1:id]; ALTER TABLE users DROP tags;
