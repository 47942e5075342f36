{% snapshot customers_history %}
{{ config(strategy='timestamp', unique_key='customer_id', target_schema='history') }}
select * from {{ ref('stg_customers') }}
{% endsnapshot %}
