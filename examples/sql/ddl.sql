-- The warehouse. Run once; changes go through migrations.

CREATE TABLE landing.orders (
    order_id BIGINT NOT NULL,
    customer_id BIGINT,
    amount NUMERIC(12, 2),
    order_date DATE NOT NULL
);

CREATE TABLE mart.customers (
    customer_id BIGINT PRIMARY KEY,
    email TEXT NOT NULL,
    country CHAR(2),
    since DATE NOT NULL
);

CREATE TABLE mart.blocked_customers (
    customer_id BIGINT PRIMARY KEY REFERENCES mart.customers (customer_id),
    reason TEXT NOT NULL
);

CREATE TABLE mart.orders (
    order_id BIGINT PRIMARY KEY,
    customer_id BIGINT NOT NULL FOREIGN KEY REFERENCES mart.customers (customer_id),
    amount NUMERIC(12, 2) NOT NULL,
    order_date DATE NOT NULL,
    loaded_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE mart.daily_revenue (
    order_date DATE NOT NULL,
    orders INTEGER NOT NULL,
    revenue NUMERIC(14, 2)
);

CREATE TABLE mart.customer_metrics (
    customer_id BIGINT NOT NULL,
    orders INTEGER NOT NULL,
    revenue NUMERIC(14, 2),
    metric_date DATE NOT NULL,
    PRIMARY KEY (customer_id, metric_date)
);

CREATE TABLE mart.stock (
    shop_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    hour TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shop_id, product_id, hour)
);
