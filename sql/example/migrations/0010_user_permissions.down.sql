-- revision: d81f64c72b0e
-- accepts: lossy, column-order (the role is derived from the permissions, and becomes the last column)

ALTER TABLE shop.users
    ADD COLUMN role text DEFAULT 'customer' NOT NULL,
    ADD CONSTRAINT users_role_check CHECK (role IN ('customer', 'staff', 'admin'));

COMMENT ON COLUMN shop.users.role IS 'What the user may do.';

-- A set of permissions that matches no role is rounded down: going back must not allow anybody more than they had.
UPDATE shop.users AS u
SET role = CASE WHEN held.permissions @> ARRAY['user.manage'] THEN 'admin' ELSE 'staff' END
FROM (
    SELECT p.user_id, array_agg(p.permission) AS permissions
    FROM shop.user_permissions AS p
    GROUP BY p.user_id
) AS held
WHERE held.user_id = u.user_id
  AND held.permissions @> ARRAY['catalogue.edit', 'order.manage'];

DROP TABLE shop.user_permissions;
DROP TABLE shop.permissions;
