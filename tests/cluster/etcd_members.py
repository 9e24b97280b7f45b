#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happens to the three members of etcd, while clients of every kind work: one that is stopped or killed is not noticed; without
a majority everything goes on that needs no new leader, and no leader changes; a member whose disk is lost comes back empty.
etcd_members.py MQ [SECONDS without a majority, or that a leader stands still]"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import urllib.error

from cluster import Cluster, wait_until
from work import Work, seed

SESSION_SECONDS = 6
SECONDS = 1.5 * SESSION_SECONDS  # as long as sessions live, and a while


def epochs(cluster):
    """Of the leaders of all partitions, by their keys in etcd."""
    return {key: value["le"] for key, value in cluster.etcd.entries("/mq/").items() if isinstance(value, dict) and "le" in value}


def leader_of(cluster):
    leader = None

    def is_known():
        nonlocal leader
        leader = cluster.etcd.leader()
        return leader is not None

    wait_until("etcd has a leader", is_known)
    return leader


def change_members(cluster, member, path, body):
    """Refused until those that are left have been connected for 5 s."""
    def is_done():
        try:
            return cluster.etcd.ask(member, path, body)
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            if "unhealthy cluster" in text:
                return False
            raise RuntimeError(f"etcd, {path}: {error}, {text}") from None

    wait_until("etcd changes its members", is_done)


def unmoved(cluster, before, when):
    after = epochs(cluster)
    moved = [key for key in before if after.get(key) != before[key]]
    return [f"{when}: {len(moved)} of {len(before)} partitions were given another leader"] if moved or not before else []


def kill_the_leader(cluster, work, seconds):
    leader, before = leader_of(cluster), epochs(cluster)
    cluster.etcd.kill(leader)
    leader_of(cluster)
    found = work.goes_on("the leader of etcd was killed")
    cluster.etcd.launch(leader)
    wait_until("etcd is whole", cluster.etcd.is_healthy)
    return found + unmoved(cluster, before, "the leader of etcd was killed")


def stop_the_leader(cluster, work, seconds):
    leader, before = leader_of(cluster), epochs(cluster)
    cluster.etcd.signal(signal.SIGSTOP, leader)
    time.sleep(min(seconds, 30))  # sessions would end meanwhile if nobody renewed them
    found = work.goes_on("the leader of etcd stands still")
    cluster.etcd.signal(signal.SIGCONT, leader)
    wait_until("etcd is whole", cluster.etcd.is_healthy)
    return found + unmoved(cluster, before, "the leader of etcd stood still")


def lose_the_majority(cluster, work, seconds):
    """One after the other, so that the one that is left may be any."""
    before = epochs(cluster)
    gone = [leader_of(cluster)]
    cluster.etcd.kill(gone[0])
    gone.append(leader_of(cluster))
    cluster.etcd.kill(gone[1])
    time.sleep(seconds)
    found = work.goes_on(f"etcd has had no majority for {seconds} s")
    for member in gone:
        cluster.etcd.launch(member)
    wait_until("etcd is whole", cluster.etcd.is_healthy)
    found += work.goes_on("etcd is back")
    cluster.wait_for_all()
    return found + unmoved(cluster, before, "etcd had no majority")


def lose_a_disk(cluster, work, seconds):
    """The member is taken out, and put in anew, as etcd's manual says."""
    lost, before = leader_of(cluster), epochs(cluster)
    cluster.etcd.kill(lost)
    shutil.rmtree(cluster.etcd.data(lost))
    left = leader_of(cluster)
    members = json.loads(cluster.etcd.ask(left, "/v3/cluster/member/list", {}))["members"]
    lost_id = next(member["ID"] for member in members if member["name"] == f"e{lost}")
    change_members(cluster, left, "/v3/cluster/member/remove", {"ID": lost_id})
    change_members(cluster, left, "/v3/cluster/member/add", {"peerURLs": [cluster.etcd.peers[lost]]})
    cluster.etcd.launch(lost, "existing")
    wait_until("etcd is whole", cluster.etcd.is_healthy)
    return work.goes_on("a member of etcd was replaced") + unmoved(cluster, before, "a member of etcd was replaced")


FAULTS = [kill_the_leader, stop_the_leader, lose_a_disk, lose_the_majority]


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    chosen = seed()
    chance = random.Random(chosen)
    with tempfile.TemporaryDirectory(prefix="mq-etcd-") as folder:
        flags = ("--set", f"cluster.session_timeout={SESSION_SECONDS}s")
        cluster = Cluster(sys.argv[1], folder, etcd_members=3, flags=flags).start()
        work = Work(cluster, chosen, chance).start()
        found = []
        chance.shuffle(FAULTS)
        try:
            for fault in FAULTS:
                print(fault.__name__, flush=True)
                found += fault(cluster, work, seconds)
                cluster.wait_for_all()
        except (OSError, RuntimeError, TimeoutError) as error:
            found.append(f"{fault.__name__}: {error}")
        wrong, summary = work.finish()
        cluster.conclude(found + wrong, f"{[fault.__name__ for fault in FAULTS]}, {summary}")


if __name__ == "__main__":
    main()
