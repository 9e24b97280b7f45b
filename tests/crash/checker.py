#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the checker sees what it is there for: a history that holds, harmed in one way at a time."""

import sys

from history import IDEMPOTENT, ONCE, RETRYING, History, faults, identify, value_of


def whole():
    """Three producers, two partitions, everything acknowledged and read."""
    history, logs = History(), {0: [], 1: []}
    for producer, kind in (("a", IDEMPOTENT), ("b", ONCE), ("c", RETRYING)):
        history.kinds[producer] = kind
        for number in range(20):
            partition = number % 2
            offset = len(logs[partition])
            history.send(producer, number, partition)
            history.acknowledge(producer, number, offset)
            value = value_of(producer, number, number)
            history.see(partition, offset, value)
            logs[partition].append((offset, identify(value)))
    return history, logs


def renumbered(log):
    return [(offset, value) for offset, (_, value) in enumerate(log)]


def lose_the_end(history, logs):
    history.seen.clear()
    del logs[1][-1]


def leave_a_gap(history, logs):
    history.seen.clear()
    history.acknowledged.clear()
    del logs[0][4]


def write_twice(history, logs):
    logs[0].append((len(logs[0]), logs[0][0][1]))  # of the idempotent one


def write_twice_once(history, logs):
    logs[0].append((len(logs[0]), logs[0][12][1]))  # of the one that never sends again


def swap_two(history, logs):
    history.seen.clear()
    history.acknowledged.clear()
    logs[0][1], logs[0][2] = logs[0][2], logs[0][1]
    logs[0] = renumbered(logs[0])


def invent_one(history, logs):
    logs[0].append((len(logs[0]), ("a", 999)))


def move_to_another_partition(history, logs):
    logs[0].append((len(logs[0]), ("c", 1)))


def flip_a_bit(history, logs):
    value = value_of("a", 7, 7)
    logs[1][3] = (3, identify(value[:-1] + bytes([value[-1] ^ 1])))
    history.acknowledged.clear()
    history.seen.clear()


def change_what_was_seen(history, logs):
    history.acknowledged.clear()
    history.kinds["a"] = RETRYING
    logs[0][0] = (0, logs[0][1][1])


def tell_another_offset(history, logs):
    history.acknowledged["c", 19] = 3


def let_the_reader_jump(history, logs):
    history.see(0, 7, value_of("a", 14, 14))


def main():
    harms = [lose_the_end, leave_a_gap, write_twice, write_twice_once, swap_two, invent_one, move_to_another_partition,
             flip_a_bit, change_what_was_seen, tell_another_offset, let_the_reader_jump]
    failed = 0
    if faults(*whole()):
        failed += 1
        print(f"FAIL  a history that holds: {faults(*whole())}")
    history, logs = whole()
    logs[0].append((len(logs[0]), ("c", 0)))
    if faults(history, logs):
        failed += 1
        print("FAIL  a producer that sends again may write twice")
    for harm in harms:
        history, logs = whole()
        harm(history, logs)
        found = faults(history, logs)
        print(f"{'ok  ' if found else 'FAIL'}  {harm.__name__}: {found[0] if found else 'not noticed'}")
        failed += not found
    print(f"{len(harms) + 2 - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
