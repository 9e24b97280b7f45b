# SPDX-License-Identifier: Apache-2.0
"""Topics that come, grow and go while the broker is killed: what was answered has to be so for ever."""

import threading

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from workload import QUIET

ANSWER_SECONDS = 5


class Churn:
    """One thread; every topic is its own, and left alone once an answer to it is missing."""

    def __init__(self, address, chance):
        self.admin = AdminClient({"bootstrap.servers": address, "socket.timeout.ms": 2000, **QUIET})
        self.chance = chance
        self.partitions = {}  # topic → partitions; 0: deleted
        self.unsure = set()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def start(self):
        self.thread.start()

    def finish(self):
        self.ending.set()
        self.thread.join(60)

    def faults(self):
        """What the broker tells now, against what it had answered, in words."""
        topics = self.admin.list_topics(timeout=30).topics
        for topic, expected in self.partitions.items():
            there = len(topics[topic].partitions) if topic in topics else 0
            if topic not in self.unsure and there != expected:
                yield f"topic {topic} was answered to have {expected} partitions and has {there}"

    def summary(self):
        gone = sum(count == 0 for count in self.partitions.values())
        return f"topics {len(self.partitions)}, deleted {gone}, unsure {len(self.unsure)}"

    def _work(self):
        number = 0
        while not self.ending.wait(self.chance.uniform(0, 0.05)):
            topic = f"churn-{number}"
            number += 1
            first = self.chance.randint(1, 5)
            if not self._answered(topic, first, lambda: self.admin.create_topics([NewTopic(topic, first, 1)])):
                continue
            more = first + self.chance.randint(1, 5)
            if self.chance.random() < 0.5:
                if not self._answered(topic, more, lambda: self.admin.create_partitions([NewPartitions(topic, more)])):
                    continue
            if self.chance.random() < 0.5:
                self._answered(topic, 0, lambda: self.admin.delete_topics([topic]))

    def _answered(self, topic, partitions, ask):
        self.partitions[topic] = partitions
        try:
            ask()[topic].result(ANSWER_SECONDS)
            return True
        except (KafkaException, TimeoutError):
            self.unsure.add(topic)
            return False
