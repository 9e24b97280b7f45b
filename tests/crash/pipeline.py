#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a topic, writes what it read to another, and commits how far it read, all in one transaction; again and again, until
it is killed. pipeline.py BROKERS SEED"""

import random
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

SOURCE, SINK, GROUP, PARTITIONS = "in", "out", "pipeline", 2
ABORTED = b"aborted"


def committed(consumer):
    """Where to go on: what is committed, or the beginning."""
    found = consumer.committed([TopicPartition(SOURCE, p) for p in range(PARTITIONS)], 10)
    return [TopicPartition(SOURCE, p.partition, max(p.offset, 0)) for p in found]


def step(consumer, producer, chance):
    messages = [m for m in consumer.consume(chance.choice((1, 10, 100)), 0.2) if not m.error()]
    if not messages:
        return
    producer.begin_transaction()
    fails = chance.random() < 0.2
    for m in messages:
        value = ABORTED if fails else b"%d:%d:%s" % (m.partition(), m.offset(), m.value())
        producer.produce(SINK, value=value, partition=m.offset() % PARTITIONS)
    if fails:
        producer.flush(10)
    else:
        at = {m.partition(): m.offset() + 1 for m in messages}
        producer.send_offsets_to_transaction([TopicPartition(SOURCE, p, offset) for p, offset in at.items()],
                                             consumer.consumer_group_metadata(), 10)
    if fails:
        producer.abort_transaction(10)
        for at in committed(consumer):
            consumer.seek(at)
    else:
        producer.commit_transaction(10)


def main():
    address, chance = sys.argv[1], random.Random(sys.argv[2])
    quiet = {"bootstrap.servers": address, "log_level": 0, "reconnect.backoff.ms": 5, "reconnect.backoff.max.ms": 50,
             "socket.timeout.ms": 5000}  # a leader that is silent is left for another then
    producer = Producer({**quiet, "transactional.id": "pipeline", "transaction.timeout.ms": 10_000, "linger.ms": 1})
    producer.init_transactions(20)  # whatever the one before had open is over now
    consumer = Consumer({**quiet, "group.id": GROUP, "enable.auto.commit": False, "isolation.level": "read_committed",
                         "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20})
    consumer.assign(committed(consumer))
    print("ready", flush=True)
    while True:
        step(consumer, producer, chance)


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"pipeline: {error}")  # whoever started it starts another
