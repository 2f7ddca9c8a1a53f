-- template: a change of rows that can be taken back

-- Rows that are right already are left alone: they would be written, and locked, for nothing.
UPDATE some_table
SET some_column = 'new value'
WHERE some_column = 'old value';
