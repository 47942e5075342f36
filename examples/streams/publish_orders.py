"""Sends the orders of the shop's till to the topic that everything else reads."""

import json
import sys

from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": "kafka:9092", "client.id": "till", "acks": "1"})


def publish(lines):
    for line in lines:
        order = json.loads(line)
        producer.produce("orders", key=str(order["order_id"]), value=line)


if __name__ == "__main__":
    publish(sys.stdin)
