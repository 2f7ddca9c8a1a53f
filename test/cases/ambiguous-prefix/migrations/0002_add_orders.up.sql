-- revision: 29f8c0ffee12
-- parent: 29f859a13ea1
-- message: add orders
-- created: 2024-03-02 09:30

SELECT 1;
