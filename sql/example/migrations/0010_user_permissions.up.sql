-- revision: d81f64c72b0e
-- parent: 5be9a03c2f74
-- message: move roles to permissions
-- created: 2026-03-16 09:30:00+00:00

CREATE TABLE shop.permissions (
    permission  text NOT NULL,
    description text NOT NULL,
    CONSTRAINT permissions_pkey PRIMARY KEY (permission),
    CONSTRAINT permissions_permission_check CHECK (permission ~ '^[a-z]+[.][a-z]+$')
);

COMMENT ON TABLE shop.permissions IS 'What there is to be allowed.';

CREATE TABLE shop.user_permissions (
    user_id    uuid NOT NULL,
    permission text NOT NULL,
    granted_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT user_permissions_pkey PRIMARY KEY (user_id, permission),
    CONSTRAINT user_permissions_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES shop.users (user_id) ON DELETE CASCADE,
    CONSTRAINT user_permissions_permission_fkey FOREIGN KEY (permission)
        REFERENCES shop.permissions (permission)
);

-- The primary key already serves user_id.
CREATE INDEX user_permissions_permission_idx ON shop.user_permissions (permission);

COMMENT ON TABLE shop.user_permissions IS 'Who may do what. Placing orders needs no permission.';

INSERT INTO shop.permissions (permission, description) VALUES
    ('catalogue.edit', 'Change categories, products and prices'),
    ('order.manage', 'Ship and cancel orders'),
    ('user.manage', 'Grant and revoke permissions');

-- A role was held since the account was made, as far as anybody knows.
INSERT INTO shop.user_permissions (user_id, permission, granted_at)
SELECT u.user_id, r.permission, u.created_at
FROM shop.users AS u
JOIN (VALUES
    ('staff', 'catalogue.edit'),
    ('staff', 'order.manage'),
    ('admin', 'catalogue.edit'),
    ('admin', 'order.manage'),
    ('admin', 'user.manage')
) AS r (role, permission) ON r.role = u.role
ORDER BY u.user_id, r.permission;

-- Its check constraint goes with the column.
ALTER TABLE shop.users DROP COLUMN role;
