#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Consumers of librdkafka and of kcat that say in which rack they are read from the follower there, and lose nothing of it:
they see committed transactions alone, and miss nothing when the follower dies and comes back. racks.py MQ"""

import json
import subprocess
import sys
import tempfile
import time

from cluster import Cluster, wait_until

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TOPIC, RECORDS = "near", 1000


def rack_of(number):
    return f"rack{number}"


class Reader:
    """Of the whole topic, from its beginning; knows from which broker it reads."""

    def __init__(self, addresses, rack):
        self.sources, self.values = set(), []
        self.consumer = Consumer({"bootstrap.servers": addresses, "group.id": "unused", "client.rack": rack, "log_level": 0,
                                  "auto.offset.reset": "error", "check.crcs": True, "statistics.interval.ms": 100,
                                  "stats_cb": self.note})
        self.consumer.assign([TopicPartition(TOPIC, 0, 0)])

    def note(self, text):
        partition = json.loads(text)["topics"].get(TOPIC, {}).get("partitions", {}).get("0", {})
        self.sources.add(partition.get("broker", -1))

    def read(self, count, seconds=60):
        deadline = time.monotonic() + seconds
        while len(self.values) < count and time.monotonic() < deadline:
            message = self.consumer.poll(0.2)
            if message is not None:
                self.values.append(message.error().str() if message.error() else int(message.value()))
        return self.values

    def reads_from(self, number, seconds=30):
        """Whether it does so within that time."""
        self.sources.clear()
        deadline = time.monotonic() + seconds
        while number not in self.sources and time.monotonic() < deadline:
            message = self.consumer.poll(0.2)
            if message is not None:
                self.values.append(message.error().str() if message.error() else int(message.value()))
        return number in self.sources


def produce(addresses, first, transaction=None):
    settings = {"bootstrap.servers": addresses, "enable.idempotence": True, "log_level": 0, "linger.ms": 5}
    producer = Producer(dict(settings, **({"transactional.id": "near"} if transaction else {})))
    if transaction:
        producer.init_transactions(30)
        producer.begin_transaction()
    for number in range(first, first + RECORDS):
        producer.produce(TOPIC, b"%d" % number, partition=0)
        producer.poll(0)
    if producer.flush(60):
        raise RuntimeError("not all was acknowledged")
    if transaction == "aborted":
        producer.abort_transaction(30)
    elif transaction:
        producer.commit_transaction(30)


def kcat(addresses, rack):
    """What it consumed, and what it said of being sent to another broker than the leader."""
    done = subprocess.run(["kcat", "-C", "-b", addresses, "-t", TOPIC, "-p", "0", "-o", "0", "-c", str(2 * RECORDS), "-q",
                           "-X", f"client.rack={rack}", "-d", "topic"], capture_output=True, text=True, timeout=60)
    return done.stdout.split(), [line for line in done.stderr.splitlines() if "preferred replica updated" in line]


def main():
    folder = tempfile.mkdtemp(prefix="mq-racks-")
    cluster, found = Cluster(sys.argv[1], folder), []

    def check(sentence, holds):
        if not holds:
            found.append(sentence)
        print(f"{'ok   ' if holds else 'FAIL '} {sentence}", flush=True)

    cluster.start_etcd()
    for number, broker in cluster.brokers.items():
        broker.flags += ["--rack", rack_of(number)]
        broker.start()
    cluster.wait_for_all()
    admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
    admin.create_topics([NewTopic(TOPIC, 1, 3)])[TOPIC].result(30)
    wait_until("it has a leader", lambda: (cluster.topics() or {}).get((TOPIC, 0), (-1,))[0] > 0)
    leader = cluster.topics()[TOPIC, 0][0]
    follower = next(number for number in cluster.brokers if number != leader)
    produce(cluster.addresses, 0)
    produce(cluster.addresses, RECORDS)

    values, sent = kcat(cluster.addresses, rack_of(follower))
    check("kcat reads everything from the follower in its rack", values == [str(n) for n in range(2 * RECORDS)])
    check("and was sent there", bool(sent))

    reader = Reader(cluster.addresses, rack_of(follower))
    at_leader = Reader(cluster.addresses, rack_of(leader))
    check("a consumer reads from the follower in its rack", reader.reads_from(follower))
    check("one in the leader's rack reads from the leader", at_leader.reads_from(leader))
    check("all that is there", reader.read(2 * RECORDS) == list(range(2 * RECORDS)))
    produce(cluster.addresses, 2 * RECORDS, "aborted")
    produce(cluster.addresses, 2 * RECORDS, "committed")
    check("and of transactions what was committed", reader.read(3 * RECORDS) == list(range(3 * RECORDS)))
    check("still from the follower", reader.reads_from(follower))

    # librdkafka waits for a follower that is gone, for minutes: "leader unchanged, not migrating away from preferred replica".
    cluster.brokers[follower].kill()
    produce(cluster.addresses, 3 * RECORDS)
    cluster.brokers[follower].start()
    cluster.wait_for_all()
    produce(cluster.addresses, 4 * RECORDS)
    check("when that one has died and is back, nothing is missing", reader.read(5 * RECORDS) == list(range(5 * RECORDS)))
    check("from there again", reader.reads_from(follower))

    newest = cluster.topics()[TOPIC, 0][0]
    cluster.brokers[newest].stop()
    produce(cluster.addresses, 5 * RECORDS)
    check("another leader changes nothing", reader.read(6 * RECORDS) == list(range(6 * RECORDS)))
    at_leader.consumer.close()
    reader.consumer.close()
    cluster.brokers[newest].start()
    cluster.conclude(found, f"{len(reader.values)} records read near broker {follower}")


if __name__ == "__main__":
    main()
