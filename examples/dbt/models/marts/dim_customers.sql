select customers.customer_id, customers.name, count(orders.order_id) as orders
from {{ ref('stg_customers') }} as customers
left join {{ ref('stg_order') }} as orders on orders.customer_id = customers.customer_id
group by customers.customer_id, customers.name
