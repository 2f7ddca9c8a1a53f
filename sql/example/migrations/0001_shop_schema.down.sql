-- revision: 29f859a13ea1

-- No CASCADE: if anything is left in the schema, this must fail rather than take it along.
DROP SCHEMA shop;
