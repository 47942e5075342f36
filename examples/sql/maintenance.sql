-- Before a full reload of the orders. Stop the orders_daily DAG first!

DELETE FROM mart.orders;

UPDATE mart.customers
SET country = upper(country)
WHERE country <> upper(country);

ANALYZE mart.customers;
