CREATE TABLE mart.orders (
    order_id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    email varchar(200),
    amount numeric(10, 2) NOT NULL,
    order_date date NOT NULL
);

CREATE TABLE mart.customer_metrics (
    customer_id bigint NOT NULL,
    metric_date date NOT NULL,
    email varchar(200),
    revenue numeric(12, 2) NOT NULL,
    PRIMARY KEY (customer_id, metric_date)
);
