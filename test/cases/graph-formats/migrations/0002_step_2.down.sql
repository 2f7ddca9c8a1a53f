-- revision: end

SELECT -2;
