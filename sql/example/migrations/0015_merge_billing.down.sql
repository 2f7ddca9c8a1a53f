-- revision: 62e4b8d07a1f

-- Nothing to undo: there are two heads again.
