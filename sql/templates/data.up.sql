-- template: a change of rows that can be undone

-- Rows that already have the new value are skipped: they would be written, and locked, for nothing.
UPDATE some_table
SET some_column = 'new value'
WHERE some_column = 'old value';
