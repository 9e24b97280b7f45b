# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the broker while a group of real clients goes from one protocol to the other and back: what is committed is never
lost, no owner is overtaken by another's older commit, every record is seen, the group settles each time.
../clients/newest.sh ../crash/migration.py MQ [ROUNDS]"""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial

from workload import Broker, QUIET, create_topic, seed  # finds ../clients
from confluent_kafka import Consumer, KafkaException, TopicPartition

import group_log
from members import Member, Stream, evenly, seen_by, until
from processes import kafka_python, kafkajs

GROUP, TOPIC, PARTITIONS = "migrating", "migrated", 12
ROUNDS = 1  # there and back
# Who cannot leave because the broker is away is soon forgotten.
SESSION_MS = 3000
FLAGS = [word for setting in ("consumer_heartbeat_interval=300ms", f"consumer_session_timeout={SESSION_MS}ms", "min_session_timeout=1s")
         for word in ("-c", f"groups.{setting}")]
FLAGS += ["-c", "storage.compaction=false"]  # the whole log is looked at in the end
COMMITS = {"enable_auto_commit": True, "auto_commit_interval_ms": 100, "reconnect_backoff_ms": 5,
           "reconnect_backoff_max_ms": 50}


def consumer(group, topic, address):
    return Member(group, topic, bootstrap_servers=address, group_protocol="consumer", **COMMITS)


def classic(group, topic, address):
    return Member(group, topic, bootstrap_servers=address, group_protocol="classic", session_timeout_ms=SESSION_MS,
                  heartbeat_interval_ms=200, partition_assignment_strategy="range", **COMMITS)


class Watcher(threading.Thread):
    """Asks again and again what the group has committed."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.consumer = Consumer({"bootstrap.servers": address, "group.id": GROUP, "enable.auto.commit": False, **QUIET})
        self.told = {partition: [] for partition in range(PARTITIONS)}  # one after the other
        self.looks, self.ending = 0, False
        self.start()

    def run(self):
        while not self.ending:
            self.look()
            time.sleep(0.03)  # the pace

    def look(self):
        asked = [TopicPartition(TOPIC, partition) for partition in range(PARTITIONS)]
        try:
            places = self.consumer.committed(asked, timeout=1)
        except KafkaException:
            return  # the broker is away
        for place in places:
            self.told[place.partition].append(max(place.offset, -1))  # below: nothing is committed
        self.looks += 1

    def committed(self):
        return {partition: offsets[-1] for partition, offsets in self.told.items()}


def settle(members):
    """Everybody has its share and reads on; the seconds that it took."""
    began, before = time.monotonic(), [len(member.seen) for member in members]
    try:
        until("an even share and records for everybody", lambda: evenly(members, PARTITIONS) and all(
            len(member.seen) > count for member, count in zip(members, before)))
    except TimeoutError:
        for member, count in zip(members, before):
            print(f"{getattr(member, 'process', member)}: owns {sorted(member.owned)}, has read {len(member.seen) - count} "
                  f"since, alive {member.is_alive()}, errors {getattr(member, 'errors', [])[-3:]}")
        raise
    return time.monotonic() - began


def roll(broker, chance, rounds):
    """Member by member, and each time the broker is killed at some moment of the hand-over."""
    classics = [partial(kafkajs, session_ms=SESSION_MS), partial(kafka_python, session_ms=SESSION_MS), classic]
    watcher, stream = Watcher(broker.address), Stream(TOPIC, PARTITIONS, broker.address)
    members, gone, took = [start(GROUP, TOPIC, broker.address) for start in classics], [], []
    settle(members)
    for start in ([consumer] * len(classics) + classics) * rounds:
        gone.append(members.pop(0))
        gone[-1].leave()
        members.append(start(GROUP, TOPIC, broker.address))
        time.sleep(chance.choice((0.1, 0.7)) * chance.random())  # the random moment, not a wait for anything
        broker.kill()
        broker.start()
        took.append(settle(members))
    sent = stream.finish()
    until("all records", lambda: set(seen_by(gone + members)) >= sent)
    watcher.ending = True
    watcher.join()
    for member in members:
        member.leave()
    for member in gone + members:
        member.join(30)
    watcher.look()
    return sent, gone + members, watcher, took, group_log.read(broker.address, GROUP)


def show(program, address):
    """What the broker says of the group."""
    print(subprocess.run([program, "-b", address, "group", "describe", GROUP, "--members"], capture_output=True, text=True).stdout)


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    chance = random.Random(seed())
    with tempfile.TemporaryDirectory(prefix="mq-migration-") as folder:
        broker = Broker(sys.argv[1], os.path.join(folder, "data"), FLAGS).start()
        create_topic(broker.address, TOPIC, PARTITIONS)
        try:
            sent, members, watcher, took, log = roll(broker, chance, rounds)
        except Exception:
            print(broker.newest_log())
            show(sys.argv[1], broker.address)
            raise
        broker.stop()

    seen = seen_by(members)
    found = group_log.overtaken(log) + group_log.lost(log, watcher.told)
    found += [] if sum(watcher.committed().values()) == len(sent) else [f"{watcher.committed()} is committed in the end"]
    found += [] if watcher.looks > 50 else ["hardly anybody looked: this shows less than it should"]
    found += ["a member did not end" for member in members if member.is_alive()]
    for sentence in found[:20]:
        print(f"FAIL  {sentence}")
    commits = sum(what == "commit" for what, _, _ in log)
    print(f"kills {len(took)}, records {len(sent)}, seen twice {sum(seen.values()) - len(seen)}, commits {commits}, "
          f"looks {watcher.looks}, settled after {max(took):.1f} s at most")
    print(f"{0 if found else 1} passed, {1 if found else 0} failed")
    sys.stdout.flush()
    os._exit(1 if found else 0)


if __name__ == "__main__":
    main()
