-- revision: c

ALTER TABLE users ADD tags text[];
