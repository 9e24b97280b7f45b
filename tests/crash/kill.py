#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load, again and again: nothing acknowledged is lost, nothing is invented, repeated or reordered; topics are
what was answered about them. kill.py MQ [KILLS]"""

import os
import random
import sys
import tempfile
import time

from churn import Churn
from history import History, faults, forget
from workload import Broker, Load, create_topic, read_everything, seed

KILLS = 50
PARTITIONS = 6
TOPIC = "killed"


def kill_at_random(broker, chance, kills):
    """Mostly while serving, sometimes while starting; now and then an orderly stop between them."""
    longest = 0.0
    for kill in range(kills):
        time.sleep(chance.uniform(0, 1.2))  # the random moment, not a wait for anything
        broker.kill()
        if kill % 5 == 4:
            broker.launch()
            time.sleep(chance.uniform(0, 0.05))
            broker.kill()
        began = time.monotonic()
        broker.start()
        longest = max(longest, time.monotonic() - began)
        if kill % 10 == 9:
            time.sleep(chance.uniform(0, 0.5))
            broker.stop()
            broker.start()
    return longest


def main():
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else KILLS
    chosen = seed()
    with tempfile.TemporaryDirectory(prefix="mq-kill-") as folder:
        broker = Broker(sys.argv[1], os.path.join(folder, "data")).start()
        create_topic(broker.address, TOPIC, PARTITIONS)
        history = History()
        load = Load(broker.address, TOPIC, PARTITIONS, history, chosen)
        churn = Churn(broker.address, random.Random(f"{chosen} churn"))
        load.start()
        churn.start()
        longest = kill_at_random(broker, random.Random(chosen), kills)
        wrong = load.finish()
        churn.finish()
        logs = read_everything(broker.address, TOPIC, PARTITIONS)
        broker.stop()
        broker.start()
        again = read_everything(broker.address, TOPIC, PARTITIONS)
        wrong += churn.faults()
        broker.stop()

    found = wrong + faults(history, logs)
    found += [] if again == logs else ["a clean restart changed the log"]
    found += [] if faults(history, forget(history, logs)) else ["the checker did not notice a lost record"]
    found += [] if len(history.acknowledged) > 100 * kills else ["hardly anything was acknowledged: this shows nothing"]
    for sentence in found[:20]:
        print(f"FAIL  {sentence}")
    if found:
        print(broker.newest_log())
    print(churn.summary())
    print(f"kills {kills}, sent {len(history.sent)}, acknowledged {len(history.acknowledged)}, failed {dict(history.failed)}, "
          f"read {sum(map(len, logs.values()))}, followed {len(history.seen)}, longest start {longest:.2f} s")
    print(f"{0 if found else 1} passed, {len(found)} failed")
    sys.stdout.flush()
    os._exit(1 if found else 0)


if __name__ == "__main__":
    main()
