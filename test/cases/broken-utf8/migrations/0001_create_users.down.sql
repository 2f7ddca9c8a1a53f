-- revision: a1

-- ğŸ˜€ Größe
DROP TABLE users;
