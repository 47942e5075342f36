-- One day of orders, from landing into the mart.
INSERT INTO mart.orders (order_id, customer_id, amount, order_date, loaded_at)
SELECT
    o.order_id,
    o.customer_id,
    o.amount,
    o.order_date,
    now()
FROM landing.orders AS o
LEFT JOIN mart.blocked_customers AS b
    ON b.customer_id = o.customer_id
WHERE o.order_date = '{{ ds }}'
    -- orders of blocked customers stay in landing
    AND b.customer_id = NULL;

-- What the sales dashboard shows.
INSERT INTO mart.daily_revenue (order_date, orders, revenue)
SELECT
    order_date,
    count(*),
    sum(amount)
FROM mart.orders
WHERE order_date = '{{ ds }}'
GROUP BY order_date;
