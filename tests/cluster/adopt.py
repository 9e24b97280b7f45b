#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One broker with topics becomes a cluster, then there are three: records, settings, committed offsets and producer ids are what
they were, and end on all three. adopt.py MQ"""

import json
import os
import subprocess
import sys
import tempfile

from cluster import Broker, Cluster

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: E402

TOPIC, PARTITIONS, RECORDS = "kept", 3, 3000


def mq(cluster, *arguments, status=0):
    done = subprocess.run([cluster.mq, *arguments], capture_output=True, text=True, timeout=90)
    if done.returncode != status:
        raise RuntimeError(f"mq {' '.join(arguments)}: {done.returncode}, {done.stdout} {done.stderr}")
    return done.stdout


def produce(address, first, count):
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "log_level": 0})
    for number in range(first, first + count):
        producer.produce(TOPIC, b"%d" % number, partition=number % PARTITIONS)
    assert producer.flush(30) == 0, "not all was acknowledged"


def read(address):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "unused", "enable.partition.eof": True, "log_level": 0})
    consumer.assign([TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)])
    logs, ends = {p: [] for p in range(PARTITIONS)}, 0
    while ends < PARTITIONS:
        message = consumer.poll(30)
        if message.error():
            ends += 1
        else:
            logs[message.partition()].append((message.offset(), message.value()))
    consumer.close()
    return logs


def committed(address):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "kept", "log_level": 0})
    places = consumer.committed([TopicPartition(TOPIC, p) for p in range(PARTITIONS)], timeout=30)
    consumer.close()
    return [place.offset for place in places]


def main():
    found = []
    with tempfile.TemporaryDirectory(prefix="mq-adopt-") as folder:
        cluster = Cluster(sys.argv[1], folder)
        data = cluster.brokers[1].data
        alone = Broker(sys.argv[1], data).start()
        mq(cluster, "-b", alone.address, "topic", "create", TOPIC, "-p", str(PARTITIONS), "-c", "retention.ms=9d")
        produce(alone.address, 0, RECORDS)
        consumer = Consumer({"bootstrap.servers": alone.address, "group.id": "kept", "log_level": 0})
        consumer.commit(offsets=[TopicPartition(TOPIC, p, 100 + p) for p in range(PARTITIONS)], asynchronous=False)
        consumer.close()
        before = read(alone.address)
        alone.stop()

        cluster.start_etcd()
        refused = subprocess.run([cluster.mq, "serve", "--data", data, "--etcd", cluster.etcd.urls], capture_output=True, text=True)
        if refused.returncode != 7 or "mq cluster adopt" not in refused.stderr:
            found.append(f"a directory with topics is not refused: {refused.returncode} {refused.stderr}")
        mq(cluster, "cluster", "adopt", "--data", data, "--etcd", cluster.etcd.urls)
        mq(cluster, "cluster", "adopt", "--data", data, "--etcd", cluster.etcd.urls, status=7)  # once is enough
        for broker in cluster.brokers.values():
            broker.start()
        cluster.wait_for_all()
        address = cluster.addresses
        found += [] if read(address) == before else ["the log is another"]
        found += [] if committed(address) == [100, 101, 102] else [f"committed is {committed(address)}"]
        settings = json.loads(mq(cluster, "-b", address, "topic", "describe", TOPIC, "-o", "json"))
        found += [] if "777600000" in json.dumps(settings) else ["a setting is lost"]

        for topic, partitions in ((TOPIC, PARTITIONS), ("__consumer_offsets", 50)):
            moves = [f"{topic}:{p}={1 + p % 3},{1 + (p + 1) % 3},{1 + (p + 2) % 3}" for p in range(partitions)]
            mq(cluster, "-b", address, "partition", "move", *moves, "--wait", "--yes")
        produce(address, RECORDS, RECORDS)
        cluster.wait_for_all()
        cluster.brokers[1].kill()
        others = ",".join(cluster.brokers[n].address for n in (2, 3))
        after = read(others)
        for p in range(PARTITIONS):
            found += [] if after[p][:len(before[p])] == before[p] else [f"[{p}] begins otherwise without the first broker"]
        found += [] if sum(map(len, after.values())) == 2 * RECORDS else [f"{sum(map(len, after.values()))} records are there"]
        found += [] if committed(others) == [100, 101, 102] else [f"committed is {committed(others)} without the first broker"]
        cluster.brokers[1].start()
        cluster.wait_for_all()
        cluster.conclude(found, f"{RECORDS} records adopted, {RECORDS} more")


if __name__ == "__main__":
    main()
