#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pipeline that reads, writes and commits in transactions, on three brokers of which one after another is killed, frozen or
restarted, as the pipeline is: readers of committed records see every record of the input once, and nothing of what was
aborted. exactly_once.py MQ [FAULTS]"""

import os
import random
import sys
import tempfile
import time

from cluster import Cluster

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from exactly_once import PARTITIONS, SINK, SOURCE, Pipeline, Source, faults, read, wait_for_all  # noqa: E402
from workload import seed  # noqa: E402

FAULTS = 10


def make_topics(cluster):
    admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
    topics = [NewTopic(name, PARTITIONS, 3, config={"min.insync.replicas": "2"}) for name in (SOURCE, SINK)]
    for answer in admin.create_topics(topics).values():
        answer.result(30)
    cluster.wait_for_all()


def harm(cluster, pipeline, chance):
    victim = chance.choice(("pipeline", "killed", "killed", "stopped", "frozen", "both"))
    if victim in ("pipeline", "both"):
        pipeline.kill()
    if victim != "pipeline":
        cluster.harm("killed" if victim == "both" else victim, chance)
    pipeline.look()
    cluster.wait_for_all()
    return victim


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else FAULTS
    chosen = seed()
    chance = random.Random(chosen)
    with tempfile.TemporaryDirectory(prefix="mq-once-") as folder:
        cluster = Cluster(sys.argv[1], folder).start()
        cluster.address = cluster.addresses
        make_topics(cluster)
        source = Source(cluster.address)
        pipeline = Pipeline("python", cluster.address, chance)
        pipeline.start()
        found, done = [], []
        try:
            for _ in range(rounds):
                until = time.monotonic() + chance.uniform(0.5, 2)  # the random moment, not a wait for anything
                while time.monotonic() < until:
                    source.add(20)
                    pipeline.look()
                    time.sleep(0.02)
                done.append(harm(cluster, pipeline, chance))
        except (RuntimeError, TimeoutError) as error:
            found.append(str(error))
        source.finish()
        values = wait_for_all(cluster, pipeline, source.count)
        pipeline.kill()
        uncommitted = read(cluster.address, "read_uncommitted")
        found += faults(values, source.count)
        found += [] if "aborted" in uncommitted else ["nothing was aborted: this shows less than it should"]
        cluster.conclude(found, f"{done}, starts of the pipeline {pipeline.starts}, records {source.count}, seen {len(values)}, "
                                f"written {len(uncommitted)}")


if __name__ == "__main__":
    main()
