RAISE EXCEPTION USING ERRCODE = 'RT001',
  MESSAGE = 'retort: a transaction is already open in this session',
  HINT = 'Nothing was changed. End it with COMMIT or ROLLBACK, or start psql without -1 '
    '(--single-transaction) and with -X (--no-psqlrc).';
