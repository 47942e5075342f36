-- The warehouse as it was set up. Changes go through migrations.

CREATE TABLE IF NOT EXISTS landing.orders (
    order_id BIGINT NOT NULL,
    customer_id BIGINT,
    amount NUMERIC(12, 2),
    order_date DATE NOT NULL
);

CREATE TABLE IF NOT EXISTS mart.customers (
    customer_id BIGINT PRIMARY KEY,
    email TEXT NOT NULL,
    country CHAR(2),
    since DATE NOT NULL
);

CREATE TABLE IF NOT EXISTS mart.blocked_customers (
    customer_id BIGINT PRIMARY KEY REFERENCES mart.customers (customer_id),
    reason TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS mart.orders (
    order_id BIGINT PRIMARY KEY,
    customer_id BIGINT NOT NULL FOREIGN KEY REFERENCES mart.customers (customer_id),
    amount NUMERIC(12, 2) NOT NULL,
    order_date DATE NOT NULL,
    loaded_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE IF NOT EXISTS mart.daily_revenue (
    order_date DATE NOT NULL,
    orders INTEGER NOT NULL,
    revenue NUMERIC(14, 2)
);

CREATE TABLE IF NOT EXISTS mart.customer_metrics (
    customer_id BIGINT NOT NULL,
    orders INTEGER NOT NULL,
    revenue NUMERIC(14, 2),
    metric_date DATE NOT NULL,
    PRIMARY KEY (customer_id, metric_date)
);

CREATE TABLE IF NOT EXISTS mart.stock (
    shop_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    hour TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, product_id, hour)
);
