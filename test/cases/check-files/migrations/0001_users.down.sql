-- revision: a1

DROP TABEL users;
