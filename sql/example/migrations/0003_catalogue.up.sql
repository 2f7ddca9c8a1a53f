-- revision: b3e86a5f1d07
-- parent: 7c41d0be92f3
-- message: create categories and products
-- created: 2026-03-03 08:05:00+00:00

CREATE TABLE shop.categories (
    category_id uuid DEFAULT gen_random_uuid() NOT NULL,
    parent_id   uuid,
    slug        text NOT NULL,
    name        text NOT NULL,
    CONSTRAINT categories_pkey PRIMARY KEY (category_id),
    CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES shop.categories (category_id),
    CONSTRAINT categories_parent_id_check CHECK (parent_id <> category_id),
    CONSTRAINT categories_slug_key UNIQUE (slug),
    CONSTRAINT categories_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT categories_name_check CHECK (name <> '')
);

CREATE INDEX categories_parent_id_idx ON shop.categories (parent_id);

COMMENT ON TABLE shop.categories IS 'The tree that the shop window is arranged in.';
COMMENT ON COLUMN shop.categories.parent_id IS 'Null at the top of the tree.';
COMMENT ON COLUMN shop.categories.slug IS 'The name in a URL; stable once published.';

CREATE TABLE shop.products (
    product_id      uuid DEFAULT gen_random_uuid() NOT NULL,
    category_id     uuid NOT NULL,
    sku             text NOT NULL,
    name            text NOT NULL,
    description     text DEFAULT '' NOT NULL,
    price           numeric(12, 2) NOT NULL,
    created_at      timestamptz DEFAULT now() NOT NULL,
    discontinued_at timestamptz,
    CONSTRAINT products_pkey PRIMARY KEY (product_id),
    CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id) REFERENCES shop.categories (category_id),
    CONSTRAINT products_sku_key UNIQUE (sku),
    CONSTRAINT products_name_check CHECK (name <> ''),
    CONSTRAINT products_price_check CHECK (price >= 0)
);

CREATE INDEX products_category_id_idx ON shop.products (category_id);

-- The shop window lists one category by price and never shows what is no longer sold.
CREATE INDEX products_on_sale_idx ON shop.products (category_id, price) WHERE discontinued_at IS NULL;

COMMENT ON TABLE shop.products IS 'What is sold, and what was.';
COMMENT ON COLUMN shop.products.price IS 'In euros, with tax; an order keeps the price it was placed at.';
COMMENT ON COLUMN shop.products.discontinued_at IS 'Null while the product is on sale.';
