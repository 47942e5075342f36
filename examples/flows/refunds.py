"""Refunds of the payment provider, fetched every hour and loaded into the warehouse (Prefect 3)."""

import os

import httpx
import psycopg
from prefect import flow, task


@task
def fetch(since: str) -> list[dict]:
    answer = httpx.get("https://payments.example.com/refunds", params={"since": since}, timeout=30)
    answer.raise_for_status()
    return answer.json()


@task(retries=2, retry_delay_seconds=[10, 60], timeout_seconds=600)
def load(refunds: list[dict]) -> None:
    with psycopg.connect(os.environ["WAREHOUSE_DSN"]) as connection:
        connection.cursor().executemany(
            "INSERT INTO mart.refunds (refund_id, amount) VALUES (%(refund_id)s, %(amount)s)", refunds
        )


@task
def announce(refunds: list[dict]) -> None:
    print(f"{len(refunds)} refunds")


@flow
def refunds(since: str = "2024-01-01") -> None:
    found = fetch(since)
    load(found)
    announce.submit(found)


if __name__ == "__main__":
    refunds.serve(name="refunds", cron="0 * * * *")
