#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happens to brokers of a cluster, under load: nothing acknowledged by acks=all is lost, nothing is invented, repeated
or reordered, and no reader saw what is not there any more. faults.py MQ [SECONDS]"""

import os
import random
import signal
import sys
import tempfile
import time

from cluster import Cluster

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from history import IDEMPOTENT, History, faults, forget  # noqa: E402
from workload import Load, read_everything, seed  # noqa: E402

SECONDS = 40
PARTITIONS = 6
TOPIC = "shared"


def make_topic(cluster):
    admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
    topic = NewTopic(TOPIC, PARTITIONS, 3, config={"min.insync.replicas": "2"})
    admin.create_topics([topic])[TOPIC].result(30)
    cluster.wait_for_all()


def kill_one(cluster, chance):
    cluster.harm("killed", chance)


def kill_all(cluster, chance):
    for broker in cluster.brokers.values():
        broker.kill()
    for broker in cluster.brokers.values():
        broker.launch()
    for broker in cluster.brokers.values():
        if not broker.told.wait(60) or not broker.ready:
            raise RuntimeError(f"a broker did not start\n{broker.newest_log()}")


def freeze_one(cluster, chance):
    cluster.harm("frozen", chance)


def restart_one(cluster, chance):
    cluster.harm("stopped", chance)


def kill_etcd(cluster, chance):
    cluster.etcd.kill()
    time.sleep(chance.uniform(0, 4))
    cluster.etcd.launch()


def freeze_etcd(cluster, chance):
    cluster.etcd.signal(signal.SIGSTOP)
    time.sleep(chance.choice((1, 5, 12)))
    cluster.etcd.signal(signal.SIGCONT)


def kill_one_without_etcd(cluster, chance):
    cluster.etcd.signal(signal.SIGSTOP)
    broker = cluster.brokers[chance.choice(list(cluster.brokers))]
    broker.kill()
    broker.launch()
    time.sleep(chance.uniform(0, 2))
    cluster.etcd.signal(signal.SIGCONT)
    if not broker.told.wait(60) or not broker.ready:
        raise RuntimeError(f"the broker did not start\n{broker.newest_log()}")


FAULTS = (kill_one, kill_one, kill_one, restart_one, freeze_one, kill_all, kill_etcd, freeze_etcd, kill_one_without_etcd)


def harm(cluster, chance, seconds):
    """Each of them once, then as chance wills. Gives back how often each was."""
    done, deadline = {}, time.monotonic() + seconds
    first = list(dict.fromkeys(FAULTS))
    chance.shuffle(first)
    while first or time.monotonic() < deadline:
        fault = first.pop() if first else chance.choice(FAULTS)
        fault(cluster, chance)
        done[fault.__name__] = done.get(fault.__name__, 0) + 1
        if chance.random() < 0.5:
            cluster.wait_for_all()
        else:
            time.sleep(chance.uniform(0, 1))  # the next one comes when it comes
    cluster.wait_for_all()
    return done


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    chosen = seed()
    with tempfile.TemporaryDirectory(prefix="mq-faults-") as folder:
        cluster = Cluster(sys.argv[1], folder).start()
        make_topic(cluster)
        history = History()
        # Only who is idempotent keeps its order when the leader changes while a request to the one before is on its way.
        load = Load(cluster.addresses, TOPIC, PARTITIONS, history, chosen, (IDEMPOTENT,) * 3)
        load.start()
        found = []
        try:
            done = harm(cluster, random.Random(chosen), seconds)
        except (RuntimeError, TimeoutError) as error:
            done, found = {}, [str(error)]
        found += load.finish()
        logs = read_everything(cluster.addresses, TOPIC, PARTITIONS)
        found += faults(history, logs)
        found += [] if faults(history, forget(history, logs)) else ["the checker did not notice a lost record"]
        if not found:
            cluster.restart_in_turn()
            again = read_everything(cluster.addresses, TOPIC, PARTITIONS)
            found += [] if again == logs else ["after all were restarted the log is another"]
        found += [] if len(history.acknowledged) > 100 * seconds else ["hardly anything was acknowledged: this shows nothing"]
        cluster.conclude(found, f"{done}, sent {len(history.sent)}, acknowledged {len(history.acknowledged)}, failed "
                                f"{dict(history.failed)}, read {sum(map(len, logs.values()))}, followed {len(history.seen)}")


if __name__ == "__main__":
    main()
