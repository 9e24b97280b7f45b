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
            done.append(chance.choice(("killed", "killed", "stopped", "frozen")))
            cluster.harm(done[-1], chance)
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
        commits = sum(committer.commits for committer in committers)
        found += [] if commits > 10 * rounds else ["hardly anything was committed: this shows nothing"]
        cluster.conclude(found, f"{done}, commits {commits}, failures {sum(committer.failures for committer in committers)}")


if __name__ == "__main__":
    main()
