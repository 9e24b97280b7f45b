# SPDX-License-Identifier: Apache-2.0
"""Members of consumer groups at work, whatever librdkafka they are of: what the tests of groups share."""

import collections
import threading
import time

from confluent_kafka import Consumer, KafkaError, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from checks import ADDRESS, equal

WAIT_SECONDS = 30
admin = AdminClient({"bootstrap.servers": ADDRESS, "log_level": 0})


def create(name, partitions):
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(WAIT_SECONDS)
    return name


def send(topic, first, count, partitions):
    """Numbers, each partition's in order."""
    producer = Producer({"bootstrap.servers": ADDRESS, "linger.ms": 5})
    for i in range(first, first + count):
        producer.produce(topic, value=b"%d" % i, partition=i % partitions)
    equal(producer.flush(WAIT_SECONDS), 0, "records without a report")
    return {b"%d" % i for i in range(first, first + count)}


def until(what, condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {WAIT_SECONDS} s")
        time.sleep(0.05)


def evenly(members, partitions):
    """Each partition has one owner, and nobody has two more than another."""
    owned = [p for member in members for p in member.owned]
    sizes = [len(member.owned) for member in members]
    return len(set(owned)) == len(owned) == partitions and max(sizes) - min(sizes) <= 1


def described(group):
    """For a librdkafka that knows how."""
    return admin.describe_consumer_groups([group])[group].result(WAIT_SECONDS)


def seen_by(members):
    return collections.Counter(value for member in members for value in member.seen)


def all_of(topic, partitions):
    return {(topic, partition) for partition in range(partitions)}


class Stream(threading.Thread):
    """Numbers that keep coming, some hundred a second, each partition's in order."""

    def __init__(self, topic, partitions, address=ADDRESS):
        super().__init__(daemon=True)
        self.topic, self.partitions, self.count, self.ending = topic, partitions, 0, False
        self.producer = Producer({"bootstrap.servers": address, "linger.ms": 5, "enable.idempotence": True, "log_level": 0})
        self.start()

    def run(self):
        while not self.ending:
            for partition in range(self.partitions):
                self.producer.produce(self.topic, value=b"%d" % self.count, partition=partition)
                self.count += 1
            self.producer.poll(0)
            time.sleep(0.03)  # the pace, not a wait for anything

    def finish(self):
        """All that was sent, and it is there."""
        self.ending = True
        self.join(WAIT_SECONDS)
        equal(self.producer.flush(WAIT_SECONDS), 0, "records without a report")
        return {b"%d" % i for i in range(self.count)}


class Member(threading.Thread):
    """Reads until it is told to end, commits what it gives up, and notes everything; partitions as (topic, number)."""

    def __init__(self, group, topic, **properties):
        super().__init__(daemon=True)
        properties = {key.replace("_", "."): value for key, value in properties.items()}
        self.consumer = Consumer({"bootstrap.servers": ADDRESS, "group.id": group, "auto.offset.reset": "earliest",
                                  "enable.auto.commit": False, "fetch.wait.max.ms": 50, "log_level": 0, **properties})
        self.bit_by_bit = (properties.get("group.protocol") == "consumer"
                           or properties.get("partition.assignment.strategy") == "cooperative-sticky")
        self.seen, self.assigned, self.revoked, self.lost = [], [], [], 0
        self.owned, self.ending, self.errors = set(), False, []
        self.consumer.subscribe([topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose)
        self.start()

    def _assign(self, consumer, partitions):
        (consumer.incremental_assign if self.bit_by_bit else consumer.assign)(partitions)
        given = {(p.topic, p.partition) for p in partitions}
        self.assigned.append(given)
        self.owned = self.owned | given

    def _revoke(self, consumer, partitions):
        self._commit()
        if self.bit_by_bit:
            consumer.incremental_unassign(partitions)
        else:
            consumer.unassign()
        taken = {(p.topic, p.partition) for p in partitions}
        self.revoked.append(taken)
        self.owned = self.owned - taken

    def _lose(self, consumer, partitions):
        self.lost += 1
        self._revoke(consumer, partitions)

    def _commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except Exception as error:
            if error.args[0].code() != KafkaError._NO_OFFSET:
                self.errors.append(error)

    def run(self):
        while not self.ending:
            message = self.consumer.poll(0.1)
            if message is None:
                continue
            if message.error():
                self.errors.append(message.error())
            else:
                self.seen.append(message.value())
        self._commit()
        self.consumer.close()

    def leave(self):
        self.ending = True

    def end(self):
        self.leave()
        self.join(WAIT_SECONDS)
        equal(self.errors, [], "errors of a member")
