SELECT order_id, note
FROM mart.orders
WHERE deleted_at = NULL; -- 😀 nothing is equal to NULL

DELETE FROM mart.orders;
