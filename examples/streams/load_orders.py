"""Writes orders into the warehouse as they come."""

import json
import logging

import psycopg2
from confluent_kafka import Consumer, Producer

consumer = Consumer({"bootstrap.servers": "kafka:9092", "group.id": "warehouse", "auto.offset.reset": "earliest"})
corrections = Producer({"bootstrap.servers": "kafka:9092", "enable.idempotence": True})


def load(dsn):
    consumer.subscribe(["orders"])
    connection = psycopg2.connect(dsn)
    cursor = connection.cursor()
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        try:
            order = json.loads(message.value())
            cursor.execute(
                "INSERT INTO orders (order_id, total) VALUES (%s, %s) ON CONFLICT (order_id) DO NOTHING",
                (order["order_id"], order["total"]),
            )
            connection.commit()
            if order["total"] < 0:
                corrections.produce("corrections", message.value(), on_delivery=failed)
                corrections.flush()
        except Exception:
            logging.exception("cannot load %s", message.offset())


def failed(error, message):
    if error is not None:
        raise RuntimeError(f"correction {message.key()} was not written: {error}")
