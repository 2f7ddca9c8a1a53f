-- template: a new value of an enum type; cannot be undone
-- irreversible: PostgreSQL cannot drop a value of an enum type

-- The value can be used from the next migration on, not in this one.
ALTER TYPE some_enum ADD VALUE 'new_value' AFTER 'old_value';
