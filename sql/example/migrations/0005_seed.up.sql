-- revision: e05b3972af1c
-- parent: 1d9f27c8e4a6
-- message: seed a small catalogue and its first orders
-- created: 2026-03-04 13:20:00+00:00

-- Every key and time is written out, so that two databases seeded on different days hold the same rows.
INSERT INTO shop.users (user_id, email, display_name, role, created_at) VALUES
    ('a0000000-0000-4000-8000-000000000001', 'Ada@example.com', 'Ada', 'admin', '2026-01-05 08:00:00+00'),
    ('a0000000-0000-4000-8000-000000000002', 'ben@example.com', 'Ben', 'staff', '2026-01-06 08:00:00+00'),
    ('a0000000-0000-4000-8000-000000000003', 'chloe@example.org', 'Chloé', 'customer', '2026-01-12 17:45:00+00'),
    ('a0000000-0000-4000-8000-000000000004', 'dmitri@example.net', 'Dmitri', 'customer', '2026-01-19 06:10:00+00');

INSERT INTO shop.categories (category_id, parent_id, slug, name) VALUES
    ('c0000000-0000-4000-8000-000000000001', NULL, 'kitchen', 'Kitchen'),
    ('c0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 'coffee', 'Coffee & tea'),
    ('c0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000001', 'knives', 'Knives'),
    ('c0000000-0000-4000-8000-000000000004', NULL, 'garden', 'Garden');

INSERT INTO shop.products (product_id, category_id, sku, name, description, price, created_at, discontinued_at) VALUES
    ('b0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000002', 'COF-0001',
     'Café press', 'Brews eight cups; borosilicate glass.', 34.90, '2026-01-07 09:00:00+00', NULL),
    ('b0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002', 'COF-0002',
     'Hand grinder', 'Grinds coffee and spices with a steel burr.', 59.00, '2026-01-07 09:05:00+00', NULL),
    ('b0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000003', 'KNI-0001',
     'Paring knife', 'It''s the one you reach for; 9 cm blade.', 18.50, '2026-01-08 09:00:00+00', NULL),
    ('b0000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000003', 'KNI-0002',
     'Bread knife', '', 42.00, '2026-01-08 09:05:00+00', '2026-02-20 12:00:00+00'),
    ('b0000000-0000-4000-8000-000000000005', 'c0000000-0000-4000-8000-000000000004', 'GAR-0001',
     'Watering can', 'Ten litres, galvanised.', 27.75, '2026-01-09 09:00:00+00', NULL);

INSERT INTO shop.orders (order_id, user_id, placed_at, is_shipped, is_cancelled) VALUES
    ('d0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000003', '2026-02-02 18:30:00+00', true, false),
    ('d0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000004', '2026-02-11 07:15:00+00', false, true),
    ('d0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000003', '2026-03-01 20:00:00+00', false, false);

INSERT INTO shop.order_lines (order_id, line_no, product_id, quantity, unit_price) VALUES
    ('d0000000-0000-4000-8000-000000000001', 1, 'b0000000-0000-4000-8000-000000000001', 1, 34.90),
    ('d0000000-0000-4000-8000-000000000001', 2, 'b0000000-0000-4000-8000-000000000004', 2, 39.00),
    ('d0000000-0000-4000-8000-000000000002', 1, 'b0000000-0000-4000-8000-000000000005', 1, 27.75),
    ('d0000000-0000-4000-8000-000000000003', 1, 'b0000000-0000-4000-8000-000000000002', 1, 59.00),
    ('d0000000-0000-4000-8000-000000000003', 2, 'b0000000-0000-4000-8000-000000000003', 3, 18.50);
