"""dbt: projects of SQL, YAML and Jinja, read without dbt, a warehouse or a manifest."""
