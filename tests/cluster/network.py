#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network between brokers, and between them and etcd, loses all that is sent, in one direction or in both, while clients of
every kind work: what was acknowledged is there once, in order, and when the network heals so does the cluster.
network.py MQ [SECONDS [CUT...]]"""

import random
import sys
import tempfile
import time

from cluster import Cluster, wait_until
from hosts import Network, enter
from work import Work, seed

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

SHORT = 2  # cuts, by chance, when no time is given
SESSION_SECONDS = 4
HEAL_SECONDS = 120


def isolated(network, victim, others, etcd):
    network.hide(victim)
    isolated_among_servers(network, victim, others, etcd)


def isolated_among_servers(network, victim, others, etcd):
    """Clients reach it, and are told what it knows."""
    for host in (*others, etcd):
        network.part(victim, host)


def deaf(network, victim, others, etcd):
    network.hide(victim)
    for host in (*others, etcd):
        network.lose(host, victim)


def mute(network, victim, others, etcd):
    network.hide(victim)
    for host in (*others, etcd):
        network.lose(victim, host)


def without_etcd(network, victim, others, etcd):
    network.part(victim, etcd)


def without_brokers(network, victim, others, etcd):
    for host in others:
        network.part(victim, host)


def without_one(network, victim, others, etcd):
    network.part(victim, others[0])


def one_does_not_hear(network, victim, others, etcd):
    network.lose(victim, others[0])


def all_without_etcd(network, victim, others, etcd):
    for host in (victim, *others):
        network.part(host, etcd)


CUTS = [isolated, deaf, mute, without_brokers, without_one, one_does_not_hear, all_without_etcd]
# Those where a coordinator that is one no more is asked by clients, and tells what was committed when it still was.
STALE = [isolated_among_servers, without_etcd]
MUST_GO_ON = (isolated, deaf, mute, all_without_etcd)  # then as many can acknowledge as before, and can lead


def others_lead(cluster, victim):
    """Everything, as they say."""
    addresses = ",".join(broker.address for number, broker in cluster.brokers.items() if number != victim)
    try:
        topics = AdminClient({"bootstrap.servers": addresses, "log_level": 0}).list_topics(timeout=5).topics.values()
    except KafkaException:
        return False
    return all(p.leader != victim for topic in topics for p in topic.partitions.values())


def cut(cluster, work, network, fault, chance, seconds, whole):
    """Heals when so many seconds are over. Gives back what is wrong, in words. `whole`: the cluster had healed from the cut before;
    brokers that are not registered again lead nothing, and without etcd none can be."""
    brokers = network.hosts[:3]
    chance.shuffle(brokers)
    victim, *others = brokers
    fault(network, victim, others, network.hosts[3])
    began = time.monotonic()
    must_go_on = whole and fault in MUST_GO_ON and seconds > SESSION_SECONDS
    if must_go_on and fault is not all_without_etcd:
        number = network.hosts.index(victim) + 1
        wait_until(f"{fault.__name__}: others lead", lambda: others_lead(cluster, number), HEAL_SECONDS)
    time.sleep(max(0, began + seconds - time.monotonic()))
    found = work.goes_on(fault.__name__, 60) if must_go_on else []
    network.heal()
    return found


def main():
    enter()
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    cuts = [fault for fault in CUTS + STALE if fault.__name__ in sys.argv[3:]] or CUTS
    chosen = seed()
    chance = random.Random(chosen)
    network = Network(4)
    with tempfile.TemporaryDirectory(prefix="mq-network-") as folder:
        flags = ("--set", f"cluster.session_timeout={SESSION_SECONDS}s")
        cluster = Cluster(sys.argv[1], folder, flags=flags, hosts=network.hosts).start()
        work = Work(cluster, chosen, chance).start()
        whole, found, done, deadline = True, [], {}, time.monotonic() + seconds
        first = chance.sample(cuts, len(cuts) if len(sys.argv) > 2 else SHORT)
        try:
            while first or time.monotonic() < deadline:
                fault = first.pop() if first else chance.choice(cuts)
                print(fault.__name__, flush=True)
                long = chance.choice((1.5, 2 * SESSION_SECONDS, 4 * SESSION_SECONDS)) if seconds else 2 * SESSION_SECONDS
                found += cut(cluster, work, network, fault, chance, long, whole)
                done[fault.__name__] = done.get(fault.__name__, 0) + 1
                whole = not seconds or chance.random() < 0.7
                if whole:
                    cluster.wait_for_all(HEAL_SECONDS)
            cluster.wait_for_all(HEAL_SECONDS)
        except (RuntimeError, TimeoutError) as error:
            found.append(str(error))
        network.heal()
        wrong, summary = work.finish()
        cluster.conclude(found + wrong, f"{done}, {summary}")


if __name__ == "__main__":
    main()
