{{ config(materialized='incremental') }}

select
    orders.order_id,
    orders.customer_id,
    orders.status,
    orders.amount,
    orders.ordered_at
from {{ ref('stg_orders') }} as orders
{% if is_incremental() %}
-- Three days again, for orders that come late.
where orders.ordered_at >= date '2024-03-01'
{% endif %}
