-- Monday's look at the data.

-- Is every column of mart.customers filled? 100 means complete.
SELECT
    column_name,
    round(100.0 * count(column_name) / count(*), 1) AS completeness
FROM information_schema.columns
WHERE table_schema = 'mart'
    AND table_name = 'customers'
GROUP BY column_name;

-- Orders by day: a gap shows a night that did not load.
SELECT
    order_date,
    count(*) AS orders,
    sum(amount) AS revenue
FROM mart.orders
WHERE order_date >= current_date - 28
GROUP BY order_date
ORDER BY order_date;
