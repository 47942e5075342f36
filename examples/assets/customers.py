"""What is known of customers, as assets (Dagster)."""

from datetime import datetime, timedelta

import dagster as dg
import pandas as pd

months = dg.MonthlyPartitionsDefinition(start_date=datetime.now() - timedelta(days=365))


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=3, backoff=dg.Backoff.EXPONENTIAL))
def exported_customers() -> pd.DataFrame:
    return pd.read_csv("https://shop.example.com/customers.csv")


@dg.asset
def customers(exported_customers: pd.DataFrame) -> pd.DataFrame:
    return exported_customers.drop_duplicates("customer_id")


@dg.asset_check(asset=customers, blocking=True)
def customers_have_keys(customers: pd.DataFrame) -> dg.AssetCheckResult:
    missing = int(customers["customer_id"].isna().sum())
    return dg.AssetCheckResult(passed=missing == 0, metadata={"missing": missing})


@dg.asset(deps=[customers], partitions_def=months, auto_materialize_policy=dg.AutoMaterializePolicy.eager())
def churn() -> pd.DataFrame:
    return pd.DataFrame({"customer_id": []})


defs = dg.Definitions(assets=[exported_customers, customers, churn], asset_checks=[customers_have_keys])
