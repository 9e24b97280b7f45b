#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pipeline that reads, writes and commits in transactions is killed with kill -9, and so is the broker, again and again:
readers of committed records see every record of the input once, and nothing of what was aborted.
exactly_once.py MQ [KILLS [KIND]]     kinds: python (librdkafka), js (kafkajs)"""

import collections
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from workload import IMPATIENT, QUIET, Broker, create_topic, seed

KILLS = 8
SOURCE, SINK, PARTITIONS = "in", "out", 2
FINISH_SECONDS = 90
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "..", "..", "build", "clients", "node_modules")
COMMANDS = {"python": [sys.executable, os.path.join(HERE, "pipeline.py")], "js": ["node", os.path.join(HERE, "pipeline.js")]}


class Pipeline:
    """A process that is started again whenever it ends."""

    def __init__(self, kind, address, chance):
        self.command, self.address, self.chance = COMMANDS[kind], address, chance
        self.process, self.starts = None, 0

    def start(self):
        environment = dict(os.environ, NODE_PATH=MODULES)
        command = ["setpriv", "--pdeathsig", "KILL", *self.command, self.address, str(self.chance.randrange(1, 1 << 30))]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.starts += 1

    def look(self):
        if self.process.poll() is not None:
            self.start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Source:
    """Records of the input, numbered."""

    def __init__(self, address):
        self.producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 5,
                                  "message.timeout.ms": 300_000, **QUIET, **IMPATIENT})
        self.count = 0

    def add(self, count):
        for _ in range(count):
            self.producer.produce(SOURCE, value=b"%d" % self.count, partition=self.count % PARTITIONS)
            self.count += 1
        self.producer.poll(0)

    def finish(self):
        if self.producer.flush(60):
            raise RuntimeError("the input was not written")


def read(address, isolation):
    """What is in the output now, value by value."""
    reader = Consumer({"bootstrap.servers": address, "group.id": "unused", "enable.auto.commit": False, "check.crcs": True,
                       "isolation.level": isolation, "enable.partition.eof": True, "fetch.wait.max.ms": 20, **QUIET})
    reader.assign([TopicPartition(SINK, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
    values, ends = [], set()
    while len(ends) < PARTITIONS:
        message = reader.poll(30)
        if message is None:
            raise TimeoutError("the output has no end")
        if not message.error():
            values.append(message.value().decode())
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ends.add(message.partition())
        else:
            raise KafkaException(message.error())
    reader.close()
    return values


def faults(values, count):
    """What is wrong with the output, in words. `values`: partition:offset:number."""
    seen = collections.Counter(value.rsplit(":", 1)[-1] for value in values)
    found = []
    if seen.pop("aborted", 0):
        found.append("aborted records are seen")
    missing = [n for n in range(count) if str(n) not in seen]
    repeated = [number for number, times in seen.items() if times > 1]
    if missing:
        found.append(f"{len(missing)} records are missing, the first is {missing[0]}")
    if repeated:
        found.append(f"{len(repeated)} records are there more than once, among them {repeated[0]}")
    return found


def kill_again_and_again(broker, pipeline, source, chance, kills):
    for _ in range(kills):
        until = time.monotonic() + chance.uniform(0.3, 1.5)  # the random moment, not a wait for anything
        while time.monotonic() < until:
            source.add(20)
            pipeline.look()
            time.sleep(0.02)
        victim = chance.choice(("pipeline", "broker", "both"))
        if victim != "broker":
            pipeline.kill()
        if victim != "pipeline":
            broker.kill()
            broker.start()
        pipeline.look()


def wait_for_all(broker, pipeline, count):
    deadline = time.monotonic() + FINISH_SECONDS
    while True:
        pipeline.look()
        values = read(broker.address, "read_committed")
        if len(values) >= count or time.monotonic() > deadline:
            return values
        time.sleep(0.1)


def run(mq, kind, kills, chosen):
    chance = random.Random(f"{chosen} {kind}")
    with tempfile.TemporaryDirectory(prefix="mq-once-") as folder:
        broker = Broker(mq, os.path.join(folder, "data")).start()
        create_topic(broker.address, SOURCE, PARTITIONS)
        create_topic(broker.address, SINK, PARTITIONS)
        source = Source(broker.address)
        pipeline = Pipeline(kind, broker.address, chance)
        pipeline.start()
        kill_again_and_again(broker, pipeline, source, chance, kills)
        source.finish()
        values = wait_for_all(broker, pipeline, source.count)
        pipeline.kill()
        uncommitted = read(broker.address, "read_uncommitted")
        found = faults(values, source.count)
        found += [] if faults(values + values[:1], source.count) else ["the checker did not notice a repeated record"]
        found += [] if faults(values[1:], source.count) else ["the checker did not notice a lost record"]
        found += [] if "aborted" in uncommitted else ["nothing was aborted: this shows less than it should"]
        broker.stop()
    print(f"{kind}: kills {kills}, starts of the pipeline {pipeline.starts}, records {source.count}, "
          f"seen {len(values)}, written {len(uncommitted)}", flush=True)
    return found, broker


def main():
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else KILLS
    kinds = sys.argv[3:] or [kind for kind in COMMANDS if kind != "js" or os.path.isdir(os.path.join(MODULES, "kafkajs"))]
    chosen = seed()
    failed = 0
    for kind in kinds:
        found, broker = run(sys.argv[1], kind, kills if kind == "python" or len(sys.argv) > 2 else kills // 4, chosen)
        for sentence in found:
            print(f"FAIL  {kind}: {sentence}")
        if found:
            print(broker.newest_log())
        failed += bool(found)
    print(f"{len(kinds) - failed} passed, {failed} failed")
    sys.stdout.flush()
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
