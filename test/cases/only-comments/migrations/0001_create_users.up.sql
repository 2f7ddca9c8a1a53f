-- revision: a1
-- parent: none
-- message: create users

-- nothing to do: the table came with the dump
/* -- parent: b2 */
