-- revision: 7c41d0be92f3
-- parent: 29f859a13ea1
-- message: create users
-- created: 2026-03-02 09:31:00+00:00

CREATE TABLE shop.users (
    user_id      uuid DEFAULT gen_random_uuid() NOT NULL,
    email        text NOT NULL,
    display_name text NOT NULL,
    role         text DEFAULT 'customer' NOT NULL,
    created_at   timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (user_id),
    CONSTRAINT users_email_check CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    CONSTRAINT users_display_name_check CHECK (display_name <> ''),
    CONSTRAINT users_role_check CHECK (role IN ('customer', 'staff', 'admin'))
);

-- One account per address, however its owner capitalises it today; the address itself is kept as typed.
CREATE UNIQUE INDEX users_email_key ON shop.users (lower(email));

COMMENT ON TABLE shop.users IS 'Everyone who can sign in: customers and staff.';
COMMENT ON COLUMN shop.users.email IS 'As typed by its owner; unique without regard to case.';
COMMENT ON COLUMN shop.users.role IS 'What the user may do.';
