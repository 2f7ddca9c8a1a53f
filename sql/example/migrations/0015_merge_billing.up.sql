-- revision: 62e4b8d07a1f
-- parent: a9371fe2c04d, 83a5cf1e97d4
-- message: merge billing into the trunk
-- created: 2026-03-23 09:00:00+00:00

-- A merge joins two heads into one and changes nothing itself.
