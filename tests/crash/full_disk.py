#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk: producers are told KAFKA_STORAGE_ERROR, readers go on, deleting a topic helps, writes resume by themselves,
and what was acknowledged is there. Once filled by the broker's own producers, once by somebody else. full_disk.py MQ"""

import contextlib
import os
import sys
import time

from confluent_kafka import Producer

from history import IDEMPOTENT, ONCE, History, faults, value_of
from mounted import mounted, need_root
from workload import PROPERTIES, QUIET, Broker, create_topic, delete_topic, read_everything

MEBIBYTES = 200
MIN_FREE = "24MiB"
PATIENCE_SECONDS = 60
RECORD_BYTES = 50_000

results = []


def check(good, sentence, detail=""):
    results.append(bool(good))
    print(f"{'ok  ' if good else 'FAIL'}  {sentence}{'' if good else f': {detail}'}", flush=True)


def free_bytes(folder):
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def until(condition):
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Writer:
    """One producer of one topic with one partition; keeps its own history."""

    def __init__(self, address, topic, kind, **properties):
        self.topic, self.name, self.history, self.number = topic, f"{kind}-{topic}", History(), 0
        self.history.kinds[self.name] = kind
        self.producer = Producer({"bootstrap.servers": address, "linger.ms": 0, "retry.backoff.ms": 50,
                                  "message.timeout.ms": 300_000, **QUIET, **PROPERTIES[kind], **properties})

    def send(self, count=1):
        for _ in range(count):
            number = self.number
            self.number += 1

            def answered(error, message, number=number):
                if error is None:
                    self.history.acknowledge(self.name, number, message.offset())
                else:
                    self.history.fail(error.name())

            self.history.send(self.name, number, 0)
            self.producer.produce(self.topic, value_of(self.name, number, RECORD_BYTES), on_delivery=answered)

    def succeeds(self):
        """Sends one more; whether it was acknowledged."""
        before = len(self.history.acknowledged)
        self.send()
        self.producer.flush(5)
        return len(self.history.acknowledged) > before

    def send_until_refused(self):
        def refused():
            self.send(50)
            self.producer.flush(10)
            return bool(self.history.failed)

        return until(refused)


def check_log(address, writer, sentence):
    found = faults(writer.history, read_everything(address, writer.topic, 1))
    check(not found, sentence, found[:3])


@contextlib.contextmanager
def small_disk():
    with mounted("-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs") as folder:
        broker = Broker(sys.argv[1], os.path.join(folder, "data"), ["--set", f"storage.min_free={MIN_FREE}"]).start()
        try:
            yield folder, broker
            broker.stop()
        finally:
            if not all(results):
                print(broker.newest_log())
            broker.kill()


def refuses_and_reads(broker, keeper, filler):
    """On a full disk."""
    check(set(filler.history.failed) == {"KAFKA_STORAGE_ERROR"}, "producers are told KAFKA_STORAGE_ERROR", filler.history.failed)
    check(broker.is_running(), "the broker goes on")
    check_log(broker.address, filler, "what was acknowledged is read while the disk is full")
    keeper.send(20)
    unanswered = keeper.producer.flush(2)
    check(unanswered == 20, "an idempotent producer keeps trying", f"{unanswered} of 20 are unanswered, {keeper.history.failed}")


def resumes(broker, keeper, filler):
    """Once there is room."""
    check(keeper.producer.flush(PATIENCE_SECONDS) == 0 and not keeper.history.failed,
          "and what it still had is written when there is room", keeper.history.failed)
    check(until(filler.succeeds), "others write again, too")
    check_log(broker.address, keeper, "nothing that was acknowledged is lost, repeated or out of order")


def filled_by_itself():
    print(f"--- a disk of {MEBIBYTES} MiB, filled by producers")
    with small_disk() as (folder, broker):
        for topic in ("keep", "victim", "other"):
            create_topic(broker.address, topic, 1)
        keeper = Writer(broker.address, "keep", IDEMPOTENT)
        victim = Writer(broker.address, "victim", ONCE)
        keeper.send(20)
        keeper.producer.flush(10)
        check(victim.send_until_refused(), "a producer that goes on is refused in the end")
        check(free_bytes(folder) > 0, "before the disk is full to the last byte")
        refuses_and_reads(broker, keeper, victim)

        broker.kill()
        broker.start()
        check_log(broker.address, victim, "a broker that was killed on a full disk starts, and has everything")
        full = free_bytes(folder)
        delete_topic(broker.address, "victim")
        written = len(victim.history.acknowledged) * RECORD_BYTES
        check(until(lambda: free_bytes(folder) > full + written // 2), "deleting a topic frees its space",
              f"{written} bytes written, free {full} before and {free_bytes(folder)} after")
        resumes(broker, keeper, Writer(broker.address, "other", ONCE))
        broker.stop()
        broker.start()
        check_log(broker.address, keeper, "also after a restart")


def filled_by_others():
    print("--- somebody else fills the disk to the last byte")
    with small_disk() as (folder, broker):
        for topic in ("keep", "filler"):
            create_topic(broker.address, topic, 1)
        keeper, filler = Writer(broker.address, "keep", IDEMPOTENT), Writer(broker.address, "filler", ONCE)
        keeper.send(20)
        keeper.producer.flush(10)
        balloon = os.path.join(folder, "balloon")
        with open(balloon, "wb") as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
        check(filler.send_until_refused(), "a producer is refused")
        refuses_and_reads(broker, keeper, filler)
        os.unlink(balloon)
        resumes(broker, keeper, filler)
        broker.stop()
        broker.start()
        check_log(broker.address, keeper, "also after a restart")
        check_log(broker.address, filler, "and of the other topic")


def main():
    need_root()
    for scenario in (filled_by_itself, filled_by_others):
        try:
            scenario()
        except Exception as error:
            check(False, f"{scenario.__name__} comes to its end", repr(error))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.stdout.flush()
    os._exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
