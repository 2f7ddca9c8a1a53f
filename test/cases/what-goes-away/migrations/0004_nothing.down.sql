-- revision: nothing
COMMENT ON TABLE users IS NULL;
SELECT now(), count(*) FROM users;
