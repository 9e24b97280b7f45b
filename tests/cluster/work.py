# SPDX-License-Identifier: Apache-2.0
"""Clients of every kind at once, on a cluster to which something happens: producers and a reader, groups that commit, and a
pipeline of transactions. What each was told is checked at the end."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
import commits  # noqa: E402
import exactly_once  # noqa: E402
from confluent_kafka import Consumer, KafkaException, TopicPartition  # noqa: E402
from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402
from history import IDEMPOTENT, History, faults, forget  # noqa: E402
from workload import IMPATIENT, Load, read_everything, seed  # noqa: E402,F401

TOPIC, PARTITIONS = "shared", 6
GROUPS = 3
BEHIND_MAX = 300  # records of the pipeline's input that it has not written


def make_topics(cluster, **partitions):
    """Each with three replicas, two of which acknowledge."""
    admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
    topics = [NewTopic(name, count, 3, config={"min.insync.replicas": "2"}) for name, count in partitions.items()]
    for answer in admin.create_topics(topics).values():
        answer.result(60)
    cluster.wait_for_all()


class Pipelining(threading.Thread):
    """Keeps the pipeline running, and its input growing as fast as its output."""

    def __init__(self, address, chance, written):
        super().__init__(daemon=True)
        self.address, self.written = address, written
        self.source = exactly_once.Source(address)
        self.pipeline = exactly_once.Pipeline("python", address, chance)
        self.ending = threading.Event()

    def run(self):
        self.pipeline.start()
        while not self.ending.wait(0.05):
            if self.source.count - self.written() < BEHIND_MAX:
                self.source.add(10)
            self.pipeline.look()

    def finish(self):
        self.ending.set()
        self.join()
        self.source.finish()
        values = exactly_once.wait_for_all(self, self.pipeline, self.source.count)
        self.pipeline.kill()
        return exactly_once.faults(values, self.source.count)


class Work:
    def __init__(self, cluster, chosen, chance):
        self.cluster, self.history = cluster, History()
        make_topics(cluster, **{TOPIC: PARTITIONS, commits.TOPIC: commits.PARTITIONS,
                                exactly_once.SOURCE: exactly_once.PARTITIONS, exactly_once.SINK: exactly_once.PARTITIONS})
        # Only who is idempotent keeps its order when the leader changes while a request to the one before is on its way.
        self.load = Load(cluster.addresses, TOPIC, PARTITIONS, self.history, chosen, (IDEMPOTENT,) * 2, IMPATIENT)
        self.committers = [commits.Committer(cluster.addresses, f"group-{i}") for i in range(GROUPS)]
        self.pipelining = Pipelining(cluster.addresses, chance, lambda: self.transacted)
        self.transacted = 0  # of the pipeline, as a reader of committed records sees it
        self.ending = threading.Event()
        self.reader = threading.Thread(target=self._read_output, daemon=True)

    def start(self):
        """Returns when all of it works, and every partition that it needs is there."""
        self.load.start()
        self.pipelining.start()
        self.reader.start()
        for committer in self.committers:
            committer.start()
        stalled = self.stalled(60)
        if stalled:
            raise RuntimeError(f"before anything happened: {stalled}")
        self.cluster.wait_for_all()
        return self

    def done(self):
        """How much of what was done so far."""
        return {"produced": len(self.history.acknowledged), "read": len(self.history.seen),
                "committed": min(committer.commits for committer in self.committers), "transacted": self.transacted}

    def _read_output(self):
        reader = Consumer({"bootstrap.servers": self.cluster.addresses, "group.id": "unused", "log_level": 0,
                           "isolation.level": "read_committed", **IMPATIENT})
        reader.assign([TopicPartition(exactly_once.SINK, p, 0) for p in range(exactly_once.PARTITIONS)])
        while not self.ending.is_set():
            self.transacted += sum(not message.error() for message in reader.consume(1000, 0.2))
        reader.close()

    def stalled(self, seconds):
        """What did not go on within so many seconds, in words."""
        before = self.done()
        deadline = time.monotonic() + seconds
        while True:
            after = self.done()
            waiting = [what for what in before if after[what] <= before[what]]
            if not waiting or time.monotonic() > deadline:
                return waiting
            time.sleep(0.1)

    def goes_on(self, when, seconds=20):
        return [f"{when}: nothing is {what}" for what in self.stalled(seconds)]

    def finish(self):
        """Gives back what is wrong, in words; and a summary."""
        self.ending.set()
        for committer in self.committers:
            committer.ending = True
        found = self.load.finish()
        try:
            found += self.pipelining.finish()
            for committer in self.committers:
                committer.join(60)
                committer.look("at the end")
                found += committer.faults
            logs = read_everything(self.cluster.addresses, TOPIC, PARTITIONS)
        except (RuntimeError, TimeoutError, KafkaException) as error:
            return [*found, str(error)], "not all was read"
        found += faults(self.history, logs)
        found += [] if faults(self.history, forget(self.history, logs)) else ["the checker did not notice a lost record"]
        return found, (f"acknowledged {len(self.history.acknowledged)}, failed {dict(self.history.failed)}, commits "
                       f"{sum(committer.commits for committer in self.committers)}, input of the pipeline "
                       f"{self.pipelining.source.count}")
