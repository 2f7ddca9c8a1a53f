-- revision: 5e5e5e5e5e5e

SELECT -5;
