#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts: the data directory lies in a file system in a file. At a random moment under load the broker stands still and
the file is copied; what was not synced is not in the copy. A broker that starts on the copy has everything that was
acknowledged until then. And one that does not sync has not, or this test would show nothing. loop_image.py MQ [CUTS]"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from history import History, faults
from mounted import make_image, mounted, need_root
from workload import Broker, Load, create_topic, read_everything, seed

CUTS = 6
PARTITIONS = 4
TOPIC = "cut"
MEBIBYTES = 1536  # sparse
# Nothing is written back by time during a run; with writeback, sizes of files may be there before their contents.
MODES = ("commit=300", "commit=300,data=writeback")


def check_copy(mq, image, mode, history):
    """What is wrong on a copy of the image, in words; and how many records it has."""
    with mounted("-o", f"loop,{mode}", image) as folder:
        broker = Broker(mq, os.path.join(folder, "data")).start()
        try:
            logs = read_everything(broker.address, TOPIC, PARTITIONS)
            broker.stop()
        except Exception:
            broker.kill()
            print(broker.newest_log())
            raise
    return faults(history, logs), sum(map(len, logs.values()))


def cut(broker, image, copy, history):
    """Copies the image while the broker stands still; gives back the history until then."""
    broker.pause()
    subprocess.run(["cp", "--sparse=always", image, copy], check=True)
    then = history.as_of_now()
    broker.resume()
    return then


def run(mq, folder, mode, cuts, chance, flags=()):
    """Cuts one broker's power several times; what is wrong on the copies, in words."""
    found = []
    image, copy = os.path.join(folder, "image"), os.path.join(folder, "copy")
    make_image(image, MEBIBYTES)
    with mounted("-o", f"loop,{mode}", image) as place:
        broker = Broker(mq, os.path.join(place, "data"), flags).start()
        create_topic(broker.address, TOPIC, PARTITIONS)
        history = History()
        load = Load(broker.address, TOPIC, PARTITIONS, history, chance.random())
        load.start()
        for number in range(cuts):
            time.sleep(chance.uniform(0.5, 3))  # the random moment
            then = cut(broker, image, copy, history)
            wrong, read = check_copy(mq, copy, mode, then)
            print(f"{mode} {' '.join(flags)}: cut {number + 1}: acknowledged {len(then.acknowledged)}, read {read}, {len(wrong)} wrong", flush=True)
            found += wrong
        found += load.finish()
        broker.stop()
    return found


def in_a_folder(*arguments):
    folder = tempfile.mkdtemp(prefix="mq-cut-")
    try:
        return run(sys.argv[1], folder, *arguments)
    finally:
        shutil.rmtree(folder)


def main():
    need_root()
    cuts = int(sys.argv[2]) if len(sys.argv) > 2 else CUTS
    chance = random.Random(seed())
    found = []
    for mode in MODES:
        found += in_a_folder(mode, (cuts + 1) // 2, chance)
    # As often as the others: one cut may come just after something else was synced, and everything with it.
    careless = in_a_folder(MODES[0], (cuts + 1) // 2, chance, ("--set", "storage.flush=os"))
    if not any("was acknowledged" in sentence for sentence in careless):
        found.append("a broker that does not sync lost nothing: the cuts are none")
    for sentence in found[:20]:
        print(f"FAIL  {sentence}")
    print(f"{0 if found else 1} passed, {len(found)} failed")
    sys.stdout.flush()
    os._exit(1 if found else 0)


if __name__ == "__main__":
    main()
