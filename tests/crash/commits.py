#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 while groups commit: what was acknowledged never goes back. commits.py MQ [KILLS]"""

import os
import random
import sys
import tempfile
import threading
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from workload import Broker, create_topic, seed

KILLS = 20
GROUPS = 8
PARTITIONS = 4
TOPIC = "committed"
WAIT_SECONDS = 60


def client(address, group):
    return Consumer({"bootstrap.servers": address, "group.id": group, "enable.auto.commit": False, "log_level": 0,
                     "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "socket.timeout.ms": 2000})


class Committer(threading.Thread):
    """Commits growing offsets of one group, and looks again after each failure."""

    def __init__(self, address, group):
        super().__init__(daemon=True)
        self.consumer, self.group = client(address, group), group
        self.acknowledged = [-1] * PARTITIONS
        self.sent = [-1] * PARTITIONS
        self.commits, self.failures, self.faults, self.ending = 0, 0, [], False

    def run(self):
        chance = random.Random(self.group)
        while not self.ending:
            partition = chance.randrange(PARTITIONS)
            self.sent[partition] += 1
            try:
                self.consumer.commit(offsets=[TopicPartition(TOPIC, partition, self.sent[partition])],
                                     asynchronous=False)
                self.acknowledged[partition] = self.sent[partition]
                self.commits += 1
            except KafkaException:
                self.failures += 1
                time.sleep(0.02)  # the broker is away

    def look(self, when):
        """What is committed lies between what was acknowledged and what was sent."""
        asked = [TopicPartition(TOPIC, p) for p in range(PARTITIONS)]
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            low = list(self.acknowledged)
            try:
                told = [place.offset for place in self.consumer.committed(asked, timeout=5)]
                break
            except KafkaException as error:
                if time.monotonic() > deadline:
                    self.faults.append(f"{when}: {self.group}: {error}")
                    return
        high = list(self.sent)
        for partition, offset in enumerate(told):
            offset = max(offset, -1)  # none
            if not low[partition] <= offset <= high[partition]:
                self.faults.append(f"{when}: {self.group}, partition {partition}: {offset} is committed, "
                                   f"{low[partition]} was acknowledged, {high[partition]} sent")


def main():
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else KILLS
    chance = random.Random(seed())
    with tempfile.TemporaryDirectory(prefix="mq-commits-") as folder:
        broker = Broker(sys.argv[1], os.path.join(folder, "data")).start()
        create_topic(broker.address, TOPIC, PARTITIONS)
        committers = [Committer(broker.address, f"group-{i}") for i in range(GROUPS)]
        for committer in committers:
            committer.start()
        for kill in range(kills):
            time.sleep(chance.uniform(0.1, 0.8))  # the random moment, not a wait for anything
            broker.kill()
            broker.start()
            for committer in committers:
                committer.look(f"kill {kill}")
        for committer in committers:
            committer.ending = True
        for committer in committers:
            committer.join(WAIT_SECONDS)
        broker.stop()
        broker.start()
        for committer in committers:
            committer.look("after a clean restart")
        broker.stop()

    found = [fault for committer in committers for fault in committer.faults]
    commits = sum(committer.commits for committer in committers)
    found += [] if commits > 10 * kills else ["hardly anything was committed: this shows nothing"]
    for sentence in found[:20]:
        print(f"FAIL  {sentence}")
    print(f"kills {kills}, commits {commits}, failures {sum(committer.failures for committer in committers)}")
    print(f"{0 if found else 1} passed, {1 if found else 0} failed")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
