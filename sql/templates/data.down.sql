UPDATE some_table
SET some_column = 'old value'
WHERE some_column = 'new value';
