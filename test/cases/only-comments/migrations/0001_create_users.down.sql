-- revision: a1

-- nothing to do
