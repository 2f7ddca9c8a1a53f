-- revision: gggg

-- +goose Down
DROP TABLE a;
