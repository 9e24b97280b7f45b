#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 while topics are compacted and trimmed: of every key the newest stays, and what went does not come back.
forgetting.py MQ [KILLS]"""

import os
import random
import sys
import tempfile
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from workload import Broker, seed

KILLS = 15
KEYS = 200
COMPACTED, SHRINKING = "compacted", "shrinking"
COMPACTED_CONFIG = {"cleanup.policy": "compact", "segment.ms": "1", "min.cleanable.dirty.ratio": "0.01",
                    "delete.retention.ms": "200"}
SHRINKING_CONFIG = {"retention.bytes": "400000", "retention.ms": "-1"}
WAIT_SECONDS = 60


class Writer(threading.Thread):
    """Writes keys over and over, some of them as tombstones, and remembers what was acknowledged."""

    def __init__(self, address, chosen):
        super().__init__(daemon=True)
        self.chance, self.ending = random.Random(f"{chosen} writer"), False
        self.written = {f"key{i}": [None] for i in range(KEYS)}  # every value, in order; first there is none
        self.newest = dict.fromkeys(self.written, 0)  # index of the newest that was acknowledged
        self.acknowledged = 0
        self.producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 2,
                                  "batch.num.messages": 50, "message.timeout.ms": 60000, "log_level": 0,
                                  "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100})

    def run(self):
        filler = "x" * 200
        while not self.ending:
            key = f"key{self.chance.randrange(KEYS)}"
            values = self.written[key]
            values.append(None if self.chance.random() < 0.2 else f"{key}:{len(values)}")
            index = len(values) - 1
            self.put(COMPACTED, key, values[index], lambda error, _, key=key, index=index: self.done(error, key, index))
            self.put(SHRINKING, key, filler, lambda error, _: None)
            self.producer.poll(0)

    def put(self, topic, key, value, done):
        while not self.ending:
            try:
                return self.producer.produce(topic, value, key, on_delivery=done)
            except BufferError:
                self.producer.poll(0.05)

    def done(self, error, key, index):
        if error is None:
            self.newest[key] = max(self.newest[key], index)
            self.acknowledged += 1

    def finish(self):
        self.ending = True
        self.join()
        self.producer.flush(60)

    def faults(self, found):
        """`found`: what a reader from the start ends up with."""
        wrong = []
        for key, values in self.written.items():
            if found.get(key) not in values[self.newest[key]:]:
                wrong.append(f"{key} is {found.get(key)}; acknowledged was {values[self.newest[key]]}")
        return wrong + [f"{key} was never written" for key in found if key not in self.written]


def consumer(address):
    return Consumer({"bootstrap.servers": address, "group.id": "reader", "enable.auto.commit": False,
                     "enable.partition.eof": True, "log_level": 0, "isolation.level": "read_uncommitted"})


def read(address):
    """What a reader from the start has at the end, and how many records that took."""
    reader, found, records = consumer(address), {}, 0
    reader.assign([TopicPartition(COMPACTED, 0, 0)])
    try:
        while True:
            message = reader.poll(WAIT_SECONDS)
            if message is None:
                raise RuntimeError("the end of the compacted topic was not reached")
            if message.error():
                return found, records
            records += 1
            key = message.key().decode()
            if message.value() is None:
                found.pop(key, None)
            else:
                found[key] = message.value().decode()
    finally:
        reader.close()


def start_of(address):
    reader = consumer(address)
    try:
        return reader.get_watermark_offsets(TopicPartition(SHRINKING, 0), timeout=WAIT_SECONDS)[0]
    finally:
        reader.close()


def main():
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else KILLS
    chosen = seed()
    chance, wrong = random.Random(chosen), []
    with tempfile.TemporaryDirectory(prefix="mq-forgetting-") as folder:
        flags = ["--set", "storage.retention_check_interval=20ms", "--set", "storage.compaction_memory=64KiB"]
        broker = Broker(sys.argv[1], os.path.join(folder, "data"), flags).start()
        admin = AdminClient({"bootstrap.servers": broker.address})
        for name, config in ((COMPACTED, COMPACTED_CONFIG), (SHRINKING, SHRINKING_CONFIG)):
            admin.create_topics([NewTopic(name, 1, 1, config=config)])[name].result(WAIT_SECONDS)
        writer = Writer(broker.address, chosen)
        writer.start()
        start = 0
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 1.5))  # the random moment, not a wait for anything
            start = start_of(broker.address)
            broker.kill()
            broker.start()
            if (now := start_of(broker.address)) < start:
                wrong.append(f"records from {now} on came back: the log began at {start}")
        writer.finish()
        found, records = read(broker.address)
        wrong += writer.faults(found)
        deadline = time.monotonic() + WAIT_SECONDS
        while records > 2 * KEYS and time.monotonic() < deadline:
            time.sleep(0.1)
            found, records = read(broker.address)
            wrong += writer.faults(found)
        broker.stop()

    wrong += [] if records <= 2 * KEYS else [f"{records} records are left of {KEYS} keys: it was not compacted"]
    wrong += [] if start > 0 else ["nothing was trimmed: this shows nothing"]
    wrong += [] if writer.acknowledged > 20 * kills else ["hardly anything was acknowledged: this shows nothing"]
    wrong += [] if writer.faults({}) else ["the checker did not notice that everything is gone"]
    for sentence in wrong[:20]:
        print(f"FAIL  {sentence}")
    if wrong:
        print(broker.newest_log())
    print(f"kills {kills}, acknowledged {writer.acknowledged}, left {records} records of {KEYS} keys, "
          f"trimmed up to {start}")
    print(f"{0 if wrong else 1} passed, {len(wrong)} failed")
    sys.stdout.flush()
    os._exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
