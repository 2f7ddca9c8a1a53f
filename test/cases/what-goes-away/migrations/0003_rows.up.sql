-- revision: rows
-- parent: names
-- message: some rows
INSERT INTO users VALUES (1, 'a@example.org', 'A') ON CONFLICT (id) DO UPDATE SET email = excluded.email;
