-- revision: 55af2cb1c267
-- parent: 29f859a13ea1
-- message: add orders
-- created: 2024-03-02 09:30

SELECT 1;
