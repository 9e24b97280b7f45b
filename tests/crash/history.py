# SPDX-License-Identifier: Apache-2.0
"""What producers were told, what readers saw, and whether the two can both be true. Pure: no clients, no clock."""

import collections
import copy
import hashlib
import threading

# Kinds of producers. ONCE never sends a record a second time; RETRYING has one request in flight, and may write twice.
IDEMPOTENT, ONCE, RETRYING = "idempotent", "once", "retrying"


def value_of(producer, number, size):
    """The value of a producer's record: its name, a checksum, and a tail that makes up the size."""
    name = f"{producer}:{number}:{size}:"
    seed = hashlib.sha256(name.encode()).hexdigest()
    return (name + seed * (1 + size // len(seed)))[:len(name) + len(seed) + size].encode()


def identify(value):
    """(producer, number) of an unharmed value, None of any other."""
    try:
        producer, number, size, _ = value[:200].decode().split(":", 3)
        if value == value_of(producer, int(number), int(size)):
            return producer, int(number)
    except ValueError:
        pass
    return None


class History:
    """Noted from the threads of producers and readers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kinds = {}  # producer → kind
        self.sent = {}  # (producer, number) → partition
        self.acknowledged = {}  # (producer, number) → offset, None when the client was not told
        self.failed = collections.Counter()  # by error; whether they are in the log nobody knows
        self.seen = {}  # (partition, offset) → (producer, number), of a reader during the run
        self.jumps = []  # of that reader, in words
        self.next = {}  # partition → the offset it should see next

    def send(self, producer, number, partition):
        with self.lock:
            self.sent[producer, number] = partition

    def acknowledge(self, producer, number, offset):
        with self.lock:
            self.acknowledged[producer, number] = offset if offset is not None and offset >= 0 else None

    def fail(self, error):
        with self.lock:
            self.failed[error] += 1

    def see(self, partition, offset, value):
        with self.lock:
            self.seen[partition, offset] = identify(value)
            expected = self.next.get(partition, offset)
            if offset != expected:
                self.jumps.append(f"[{partition}]: a reader went from {expected - 1} to {offset}")
            self.next[partition] = offset + 1

    def as_of_now(self):
        with self.lock:
            now = History()
            for name in ("kinds", "sent", "acknowledged", "failed", "seen", "jumps"):
                setattr(now, name, copy.copy(getattr(self, name)))
            return now


def faults(history, logs):
    """Every contradiction, in words. `logs`: partition → [(offset, identify(value))] from the first offset to the end."""
    found = list(history.jumps)
    places = collections.defaultdict(list)  # record → [(partition, offset)] in the order of the log
    by_place = {}
    for partition, log in logs.items():
        gap = next((offset for expected, (offset, _) in enumerate(log) if offset != expected), None)
        if gap is not None:
            found.append(f"[{partition}]@{gap}: a gap or a repeat before it")
        for offset, record in log:
            if record is None:
                found.append(f"[{partition}]@{offset}: harmed")
            elif history.sent.get(record) != partition:
                found.append(f"[{partition}]@{offset}: {record} was never sent here")
            else:
                places[record].append((partition, offset))
                by_place[partition, offset] = record
    found += lost(history, places)
    found += repeated(history, places)
    found += reordered(places)
    found += changed(history, by_place)
    return found


def lost(history, places):
    for record, offset in history.acknowledged.items():
        there = places.get(record)
        if not there:
            yield f"{record} was acknowledged at {offset} and is not there"
        elif offset is not None and offset not in [o for _, o in there]:
            yield f"{record} was acknowledged at {offset} and is at {there}"


def repeated(history, places):
    for (producer, number), there in places.items():
        if len(there) > 1 and history.kinds[producer] != RETRYING:
            yield f"{(producer, number)} of {history.kinds[producer]} producer is there {len(there)} times: {there}"


def reordered(places):
    """Per producer and partition, the first place of every record is behind that of the record before."""
    last = {}
    for (producer, number), there in sorted(places.items()):
        partition, offset = there[0]
        before = last.get((producer, partition), (-1, -1))
        if offset <= before[1]:
            yield f"[{partition}]@{offset}: {(producer, number)} is before {before[0]} at {before[1]}"
        last[producer, partition] = (number, offset)


def changed(history, by_place):
    for place, record in history.seen.items():
        if by_place.get(place) != record:
            yield f"{place}: a reader saw {record}, now there is {by_place.get(place)}"


def forget(history, logs):
    """The logs without the newest record that was acknowledged."""
    for partition, log in logs.items():
        if log and log[-1][1] in history.acknowledged:
            return {**logs, partition: log[:-1]}
    raise AssertionError("no partition ends with an acknowledged record")
