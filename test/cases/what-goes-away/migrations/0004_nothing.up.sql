-- revision: nothing
-- parent: rows
COMMENT ON TABLE users IS 'who may log in';
