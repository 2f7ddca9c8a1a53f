DROP TABLE new_table;
