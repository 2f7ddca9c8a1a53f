-- template: a new value of an enum type; there is no way back
-- irreversible: PostgreSQL cannot drop a value of an enum type

-- The value can be used from the next migration on, not in this one.
ALTER TYPE some_enum ADD VALUE 'new_value' AFTER 'old_value';
