#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker of three comes back with another directory than the one it had: it does not count until it has copied everything
anew, and no record that was acknowledged is missing, whoever comes back first. directories.py MQ"""

import os
import shutil
import sys
import tempfile
import time

from cluster import Cluster, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402

TOPIC, RECORDS = "kept", 2000


def produce(address, first):
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "log_level": 0, "linger.ms": 5})
    for number in range(first, first + RECORDS):
        producer.produce(TOPIC, b"%d" % number)
        producer.poll(0)
    if producer.flush(60):
        raise RuntimeError("not all was acknowledged")


def read(address):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "unused", "enable.partition.eof": True, "log_level": 0,
                         "check.crcs": True})
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    values, deadline = [], time.monotonic() + 60
    while time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            consumer.close()
            return values if message.error().name() == "_PARTITION_EOF" else [message.error().str()]
        values.append(int(message.value()))
    raise TimeoutError("the topic has no end")


def empty_all(data, before):
    shutil.rmtree(data)


def keep_the_name(data, before):
    shutil.rmtree(os.path.join(data, "journal"))
    shutil.rmtree(os.path.join(data, "meta"))


def lose_the_journal(data, before):
    shutil.rmtree(os.path.join(data, "journal"))


def put_back(data, before):
    shutil.rmtree(data)
    shutil.copytree(before, data)


WAYS = (empty_all, keep_the_name, lose_the_journal, put_back)


def all_die(cluster, way, before):
    """The one whose directory is another is the first to come back."""
    for broker in cluster.brokers.values():
        broker.kill()
    way(cluster.brokers[1].data, before)
    cluster.brokers[1].launch()
    time.sleep(2)  # as long as it may count itself in
    for number in (2, 3):
        cluster.brokers[number].launch()
    for broker in cluster.brokers.values():
        if not broker.told.wait(60) or not broker.ready:
            raise RuntimeError(f"a broker did not start\n{broker.newest_log()}")


def one_dies(cluster, way, before):
    """And leads everything when it is in sync again."""
    cluster.brokers[1].kill()
    way(cluster.brokers[1].data, before)
    cluster.brokers[1].start()
    cluster.wait_for_all()
    for number in (2, 3):
        cluster.brokers[number].stop()
    wait_until("the first broker leads", lambda: cluster_leads(cluster.brokers[1].address))


def cluster_leads(address):
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    return admin.list_topics(timeout=5).topics[TOPIC].partitions[0].leader == 1


def main():
    found, tried = [], 0
    for disaster in (all_die, one_dies):
        for way in WAYS:
            name = f"{disaster.__name__}, {way.__name__}"
            with tempfile.TemporaryDirectory(prefix="mq-directories-") as folder:
                cluster = Cluster(sys.argv[1], folder).start()
                try:
                    admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
                    admin.create_topics([NewTopic(TOPIC, 1, 3)])[TOPIC].result(30)
                    produce(cluster.addresses, 0)
                    cluster.brokers[1].stop()
                    before = os.path.join(folder, "before")
                    shutil.copytree(cluster.brokers[1].data, before)
                    cluster.brokers[1].start()
                    cluster.wait_for_all()
                    produce(cluster.addresses, RECORDS)
                    disaster(cluster, way, before)
                    values = read(cluster.addresses)
                    if values != list(range(2 * RECORDS)):
                        found.append(f"{name}: {len(values)} of {2 * RECORDS} records, {values[:1]}")
                    for number in (2, 3):
                        if not cluster.brokers[number].is_running():
                            cluster.brokers[number].start()
                    cluster.wait_for_all()
                except (RuntimeError, TimeoutError) as error:
                    found.append(f"{name}: {error}")
                tried += 1
                for broker in cluster.brokers.values():
                    broker.kill()
                cluster.etcd.stop()
    for sentence in found:
        print(f"FAIL  {sentence}")
    print(f"{tried - len(found)} passed, {len(found)} failed")
    sys.stdout.flush()
    os._exit(1 if found else 0)


if __name__ == "__main__":
    main()
