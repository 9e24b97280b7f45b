#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Disks of a cluster, while clients of every kind work: one is full, one refuses to sync, one is slow; one broker loses power, or
all at once, and with it what was not synced. The others go on, nothing that was acknowledged is lost, and it heals.
disks.py MQ [SECONDS [FAULT...]]"""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time

from cluster import Cluster, wait_until
from work import Work, seed

from mounted import make_image, need_root  # noqa: E402
from confluent_kafka.admin import AdminClient  # noqa: E402

INSIDE = "MOUNTS_OF_THE_TEST"
SHORT = 3  # faults, by chance, when no time is given
MEBIBYTES = 3000  # sparse
HEAL_SECONDS = 120
FLAGS = ("--set", "storage.min_free=64MiB")
HERE = os.path.dirname(os.path.abspath(__file__))


def enter():
    """Starts this program anew with mounts of its own, which end with it."""
    need_root()
    if not os.environ.get(INSIDE):
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])


class Disk:
    """Of one broker. What is not synced is in memory for as long as the test runs."""

    def __init__(self, broker):
        self.broker, self.folder = broker, broker.data
        self.image, self.fault = f"{broker.data}.image", f"{broker.data}.fault"
        os.mkdir(self.folder)
        make_image(self.image, MEBIBYTES)
        self.mount()
        self.broker.data = os.path.join(self.folder, "data")
        with open(self.fault, "w"):
            pass

    def mount(self):
        subprocess.run(["mount", "-o", "loop,commit=300", self.image, self.folder], check=True)

    def unmount(self):
        subprocess.run(["umount", self.folder], check=True)

    def preload(self, library):
        self.broker.within += ["env", f"LD_PRELOAD={library}", f"SYNC_FAULT={self.fault}"]

    def syncing(self, how):
        """"fails", milliseconds, or "" for as it should."""
        with open(self.fault + ".new", "w") as file:
            file.write(how)
        os.rename(self.fault + ".new", self.fault)

    @contextlib.contextmanager
    def full(self):
        room = os.statvfs(self.folder)
        balloon = os.path.join(self.folder, "balloon")
        subprocess.run(["fallocate", "-l", str(room.f_bavail * room.f_frsize - (8 << 20)), balloon], check=True)
        yield
        os.unlink(balloon)

    def copy(self):
        """As it is now without what is not synced."""
        subprocess.run(["cp", "--sparse=always", self.image, f"{self.image}.copy"], check=True)

    def become_the_copy(self):
        """When nobody has it open."""
        self.unmount()
        os.rename(f"{self.image}.copy", self.image)
        self.mount()


def leads(cluster, number):
    """How much."""
    admin = AdminClient({"bootstrap.servers": cluster.addresses, "log_level": 0})
    topics = admin.list_topics(timeout=30).topics.values()
    return sum(p.leader == number for topic in topics for p in topic.partitions.values())


def one_is_full(cluster, disks, work, chance):
    victim = chance.choice(list(disks))
    with disks[victim].full():
        wait_until("who has a full disk leads nothing", lambda: leads(cluster, victim) == 0, HEAL_SECONDS)
        found = work.goes_on("a disk is full", 60)
    return found


def one_does_not_sync(cluster, disks, work, chance):
    victim = chance.choice(list(disks))
    disks[victim].syncing("fails")
    wait_until("whose disk fails leads nothing", lambda: leads(cluster, victim) == 0, HEAL_SECONDS)
    found = work.goes_on("a disk fails", 60)
    disks[victim].broker.kill()
    disks[victim].syncing("")
    disks[victim].broker.start()
    return found


def one_is_slow(cluster, disks, work, chance):
    """So that all that needs it waits, but nobody is told."""
    victim = chance.choice(list(disks))
    disks[victim].syncing("300")
    found = work.goes_on("a disk is slow", 60)
    disks[victim].syncing("")
    return found


def lose_power(victims):
    """All at the same moment, and they are back."""
    for disk in victims:
        disk.broker.pause()
    for disk in victims:
        disk.copy()
    for disk in victims:
        disk.broker.kill()
        disk.become_the_copy()
        disk.broker.launch()
    for disk in victims:
        if not disk.broker.told.wait(HEAL_SECONDS) or not disk.broker.ready:
            raise RuntimeError(f"a broker did not start\n{disk.broker.newest_log()}")
    return []


def one_loses_power(cluster, disks, work, chance):
    return lose_power([disks[chance.choice(list(disks))]])


def all_lose_power(cluster, disks, work, chance):
    return lose_power(list(disks.values()))


FAULTS = [one_is_full, one_does_not_sync, one_is_slow, one_loses_power, all_lose_power]


def prepare(cluster, folder):
    library = os.path.join(folder, "sync_fault.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, os.path.join(HERE, "sync_fault.c"), "-ldl"], check=True)
    disks = {number: Disk(broker) for number, broker in cluster.brokers.items()}
    for disk in disks.values():
        disk.preload(library)
    return disks


def main():
    enter()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    faults = [fault for fault in FAULTS if fault.__name__ in sys.argv[3:]] or FAULTS
    chosen = seed()
    chance = random.Random(chosen)
    folder = tempfile.mkdtemp(prefix="mq-disks-")
    cluster = Cluster(sys.argv[1], folder, flags=FLAGS)
    disks = prepare(cluster, folder)
    cluster.start()
    work = Work(cluster, chosen, chance).start()
    found, done, deadline = [], {}, time.monotonic() + seconds
    first = chance.sample(faults, len(faults) if len(sys.argv) > 2 else SHORT)
    try:
        while first or time.monotonic() < deadline:
            fault = first.pop() if first else chance.choice(faults)
            print(fault.__name__, flush=True)
            found += fault(cluster, disks, work, chance)
            done[fault.__name__] = done.get(fault.__name__, 0) + 1
            cluster.wait_for_all(HEAL_SECONDS)
    except (RuntimeError, TimeoutError) as error:
        found.append(str(error))
    wrong, summary = work.finish()
    try:
        cluster.stop()
    except RuntimeError as error:
        found.append(str(error))
    for disk in disks.values():
        disk.unmount()
    cluster.conclude(found + wrong, f"{done}, {summary}")


if __name__ == "__main__":
    main()
