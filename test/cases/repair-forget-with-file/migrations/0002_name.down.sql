-- revision: c3

ALTER TABLE users DROP name;
