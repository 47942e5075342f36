DELETE FROM mart.customer_metrics WHERE metric_date = '{{ ds }}';

INSERT INTO mart.customer_metrics (customer_id, metric_date, email, revenue)
SELECT customer_id, order_date, max(email), sum(amount)
FROM mart.orders
WHERE order_date = '{{ ds }}'
GROUP BY customer_id, order_date;
