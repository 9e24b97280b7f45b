# SPDX-License-Identifier: Apache-2.0
"""Load on a broker that may vanish at any moment: producers of every kind, a reader that follows, and a last reading."""

import os
import random
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients"))
from broker import Broker  # noqa: E402,F401
from history import IDEMPOTENT, ONCE, RETRYING, identify, value_of  # noqa: E402

SIZES = (0, 10, 100, 1000, 5000) * 10 + (60_000,)
WAITING_MAX = 300  # records of one producer that are not answered
FINISH_SECONDS = 60

QUIET = {"log_level": 0, "reconnect.backoff.ms": 5, "reconnect.backoff.max.ms": 50}  # losing the broker is expected
IMPATIENT = {"socket.timeout.ms": 5000}  # a leader that is silent is left for another then, and not after a minute
PROPERTIES = {
    IDEMPOTENT: {"enable.idempotence": True},
    ONCE: {"acks": "1", "retries": 0},
    RETRYING: {"acks": "all", "max.in.flight.requests.per.connection": 1},
}


def create_topic(address, topic, partitions):
    admin = AdminClient({"bootstrap.servers": address, **QUIET})  # has to live until the answer
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(30)


def delete_topic(address, topic):
    admin = AdminClient({"bootstrap.servers": address, **QUIET})
    admin.delete_topics([topic])[topic].result(30)


class Load:
    """Producers and the reader are threads; they note everything in `history`."""

    def __init__(self, address, topic, partitions, history, seed, kinds=(IDEMPOTENT, IDEMPOTENT, ONCE, RETRYING),
                 properties={}):
        """`properties`: of every producer."""
        self.properties = properties
        self.address, self.topic, self.partitions, self.history = address, topic, partitions, history
        self.ending = threading.Event()
        self.unanswered = {}  # producer → records, at the end
        self.errors = []
        self.threads = [threading.Thread(target=self._guard, args=(self._follow,), daemon=True)]
        for i, kind in enumerate(kinds):
            name = f"{kind}-{i}"
            history.kinds[name] = kind
            chance = random.Random(f"{seed} {name}")
            self.threads.append(threading.Thread(target=self._guard, args=(self._produce, name, kind, chance), daemon=True))

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self):
        """No new records; returns when all are answered. Gives back what is wrong, in words."""
        self.ending.set()
        for thread in self.threads:
            thread.join(FINISH_SECONDS + 10)
        found = list(self.errors)
        found += [f"{name} got no answer to {count} records" for name, count in self.unanswered.items() if count]
        found += ["a thread did not end"] if any(thread.is_alive() for thread in self.threads) else []
        return found

    def _guard(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:
            self.errors.append(f"{work.__name__}: {error!r}")

    def _produce(self, name, kind, chance):
        producer = Producer({"bootstrap.servers": self.address, "linger.ms": 2, "retry.backoff.ms": 10,
                             "message.timeout.ms": 300_000, "queue.buffering.max.messages": WAITING_MAX,
                             "batch.num.messages": chance.choice((10, 100, 1000)),
                             "compression.type": chance.choice(("none", "lz4")), **QUIET, **PROPERTIES[kind],
                             **self.properties})
        number = 0
        while not self.ending.is_set():
            for _ in range(chance.choice((1, 5, 50, 200))):
                self._send(producer, name, number, chance)
                number += 1
            producer.poll(0)
            self.ending.wait(chance.uniform(0, 0.08))  # about 6,000 records a second in all
        self.unanswered[name] = producer.flush(FINISH_SECONDS)

    def _send(self, producer, name, number, chance):
        def answered(error, message):
            if error is None:
                self.history.acknowledge(name, number, message.offset())
            else:
                self.history.fail(error.name())

        partition = chance.randrange(self.partitions)
        value = value_of(name, number, chance.choice(SIZES))
        self.history.send(name, number, partition)
        while True:
            try:
                return producer.produce(self.topic, value, partition=partition, on_delivery=answered)
            except BufferError:
                producer.poll(0.05)

    def _follow(self):
        reader = follower(self.address)
        reader.assign([TopicPartition(self.topic, p, 0) for p in range(self.partitions)])
        while not self.ending.is_set():
            for message in reader.consume(1000, 0.1):
                if not message.error():
                    self.history.see(message.partition(), message.offset(), message.value())
        reader.close()


def follower(address):
    return Consumer({"bootstrap.servers": address, "group.id": "unused", "enable.auto.commit": False, "check.crcs": True,
                     "enable.partition.eof": True, "auto.offset.reset": "error", **QUIET, **IMPATIENT})


def read_everything(address, topic, partitions, seconds=120):
    """partition → [(offset, record)], from the first offset to the end."""
    reader = follower(address)
    reader.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    logs, at_end, deadline = {p: [] for p in range(partitions)}, set(), time.monotonic() + seconds
    while len(at_end) < partitions:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{topic}: {len(at_end)} of {partitions} partitions read after {seconds} s")
        for message in reader.consume(1000, 0.5):
            if not message.error():
                logs[message.partition()].append((message.offset(), identify(message.value())))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                at_end.add(message.partition())
            elif not message.error().retriable() and message.error().code() != KafkaError._TRANSPORT:
                raise RuntimeError(f"{topic}[{message.partition()}]: {message.error()}")
    reader.close()
    return logs


def seed():
    chosen = int(os.environ.get("SEED", time.time_ns() % 1_000_000_000))
    print(f"seed {chosen} (SEED=… repeats it)", flush=True)
    return chosen
