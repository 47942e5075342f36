select customer_id, name, updated_at
from {{ ref('raw_customers') }}
