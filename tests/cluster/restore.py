#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""etcd is put back to an earlier state, as from a backup, while the brokers are stopped: they do not go on from there until
somebody has accepted what that costs, and then nothing that was acknowledged is gone.

  restore.py MQ"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

from cluster import Cluster, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from confluent_kafka import Producer  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from history import value_of  # noqa: E402
from workload import read_everything  # noqa: E402

TOPIC, PARTITIONS = "orders", 4


def produce(cluster, who, count=100):
    """All acknowledged, by all that are in sync."""
    failed = []
    producer = Producer({"bootstrap.servers": cluster.addresses, "enable.idempotence": True, "log_level": 0})
    for number in range(count):
        producer.produce(TOPIC, value_of(who, number, 100), partition=number % PARTITIONS,
                         on_delivery=lambda error, _: error and failed.append(error))
    left = producer.flush(60)
    if failed or left:
        raise RuntimeError(f"{left} records unanswered, {failed[:3]}")
    return [(who, number) for number in range(count)]


def all_values(cluster):
    logs = read_everything(cluster.addresses, TOPIC, PARTITIONS)
    return sorted(record for log in logs.values() for _, record in log)


def copy_etcd(cluster, to):
    cluster.etcd.signal(signal.SIGTERM)
    cluster.etcd.processes[0].wait()
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(cluster.etcd.data(), to)


def start_etcd(cluster):
    cluster.etcd.launch()
    wait_until("etcd answers", cluster.etcd.is_healthy)


def main():
    with tempfile.TemporaryDirectory(prefix="mq-restore-") as folder:
        cluster = Cluster(sys.argv[1], folder).start()
        admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 3)])[TOPIC].result(30)
        cluster.wait_for_all()
        first = produce(cluster, "before")

        backup = os.path.join(folder, "backup")
        copy_etcd(cluster, backup)
        start_etcd(cluster)
        for broker in cluster.brokers.values():  # leaders change, epochs rise
            broker.kill()
            broker.start()
            cluster.wait_for_all()
        second = produce(cluster, "after")
        for broker in cluster.brokers.values():
            broker.stop()

        cluster.etcd.stop()
        shutil.rmtree(os.path.join(folder, "etcd0"))
        shutil.copytree(backup, os.path.join(folder, "etcd0"))
        start_etcd(cluster)
        for broker in cluster.brokers.values():
            broker.launch()
        found = []
        said = "mq cluster accept-restore"
        wait_until("every broker says what is wrong",
                   lambda: all(said in "".join(broker.log) for broker in cluster.brokers.values()))
        for number, broker in cluster.brokers.items():
            found += [f"broker {number} serves"] if broker.ready else []
            broker.kill()

        command = [cluster.mq, "cluster", "accept-restore", "--etcd", cluster.etcd.urls]
        refused = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        found += [] if refused.returncode == 10 else [f"without a confirmation it ended with {refused.returncode}"]
        accepted = subprocess.run([*command, "--confirm", "mq"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        found += [] if accepted.returncode == 0 else [f"accept-restore: {accepted.returncode}: {accepted.stderr}"]
        if found:
            cluster.conclude(found, "it was not accepted")
        for broker in cluster.brokers.values():
            broker.start()
        cluster.wait_for_all()
        third = produce(cluster, "again")
        there, wanted = all_values(cluster), sorted(first + second + third)
        if there != wanted:
            found.append(f"{len(there)} records instead of {len(wanted)}: {sorted(set(wanted) - set(there))[:5]} are missing")
        cluster.conclude(found, f"{len(there)} records")


if __name__ == "__main__":
    main()
