#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brokers of a cluster are killed, frozen and restarted while groups commit: what was acknowledged never goes back, whoever
coordinates. commits.py MQ [FAULTS]"""

import os
import random
import sys
import tempfile
import time

from cluster import Cluster

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from commits import GROUPS, PARTITIONS, TOPIC, WAIT_SECONDS, Committer  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from workload import seed  # noqa: E402

FAULTS = 12


def harm(cluster, chance):
    broker = cluster.brokers[chance.choice(list(cluster.brokers))]
    how = chance.choice(("killed", "killed", "stopped", "frozen"))
    if how == "killed":
        broker.kill()
        broker.start()
    if how == "stopped":
        broker.stop()
        broker.start()
    if how == "frozen":
        broker.pause()
        time.sleep(chance.choice((0.5, 11)))
        broker.resume()
    return how


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else FAULTS
    chance = random.Random(seed())
    done = []
    with tempfile.TemporaryDirectory(prefix="mq-commits-") as folder:
        cluster = Cluster(sys.argv[1], folder).start()
        admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 3)])[TOPIC].result(30)
        committers = [Committer(cluster.addresses, f"group-{i}") for i in range(GROUPS)]
        for committer in committers:
            committer.start()
        for fault in range(rounds):
            time.sleep(chance.uniform(0.1, 1))  # the random moment, not a wait for anything
            done.append(harm(cluster, chance))
            for committer in committers:
                committer.look(f"fault {fault}, {done[-1]}")
            if chance.random() < 0.5:
                cluster.wait_for_all()
        for committer in committers:
            committer.ending = True
        for committer in committers:
            committer.join(WAIT_SECONDS)
        cluster.wait_for_all()
        cluster.restart_in_turn()
        for committer in committers:
            committer.look("after all were restarted")
        found = [fault for committer in committers for fault in committer.faults]
        if found:
            for number, broker in cluster.brokers.items():
                print(f"the log of broker {number}:\n{broker.newest_log()}")
        cluster.stop()

    commits = sum(committer.commits for committer in committers)
    found += [] if commits > 10 * rounds else ["hardly anything was committed: this shows nothing"]
    for sentence in found[:20]:
        print(f"FAIL  {sentence}")
    print(f"{done}, commits {commits}, failures {sum(committer.failures for committer in committers)}")
    print(f"{0 if found else 1} passed, {len(found)} failed")
    sys.stdout.flush()
    os._exit(1 if found else 0)


if __name__ == "__main__":
    main()
