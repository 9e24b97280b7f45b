#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brokers come and go under load: a fourth one gets its share, one is drained, one is decommissioned while the controller dies;
what was acknowledged is there in the end, once, and no limit is left behind. balance.py MQ"""

import collections
import json
import os
import subprocess
import sys
import tempfile
import threading

from cluster import Broker, Cluster, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: E402

TOPIC, PARTITIONS = "orders", 12
RATE = "leader.replication.throttled.rate"
# Disks are not what this is about, and all brokers share one.
ANY_DISK = "--max-disk=100"


class Load(threading.Thread):
    """Produces until it is told to stop, and remembers what was acknowledged."""

    def __init__(self, addresses):
        super().__init__(daemon=True)
        self.producer = Producer({"bootstrap.servers": addresses, "enable.idempotence": True, "acks": "all", "log_level": 0,
                                  "message.timeout.ms": 120_000, "linger.ms": 2, "reconnect.backoff.max.ms": 200})
        self.acknowledged, self.lost, self.ended = set(), [], threading.Event()

    def answered(self, error, message):
        if error:
            self.lost.append(f"{message.value()}: {error}")
        else:
            self.acknowledged.add((message.partition(), message.value()))

    def run(self):
        number = 0
        while not self.ended.is_set():
            value = b"%d " % number + b"x" * 1000
            self.producer.produce(TOPIC, value, partition=number % PARTITIONS, on_delivery=self.answered)
            number += 1
            self.producer.poll(0.001 if len(self.producer) < 500 else 0.05)
        self.producer.flush(120)

    def end(self):
        self.ended.set()
        self.join()


class Test:
    def __init__(self, binary, folder):
        self.cluster = Cluster(binary, folder)
        self.found = []

    def expect(self, true, sentence):
        if not true:
            self.found.append(sentence)
        print(f"{'ok   ' if true else 'FAIL '} {sentence}", flush=True)

    def mq(self, *arguments, status=0):
        done = subprocess.run([self.cluster.mq, "-b", self.running(), *arguments], capture_output=True, text=True, timeout=240)
        if status is not None and done.returncode != status:
            self.expect(False, f"mq {' '.join(arguments)} ends with {status}: {done.returncode}, {done.stdout} {done.stderr}")
        self.status, self.stderr = done.returncode, done.stderr
        return done.stdout

    def rows(self, *arguments, status=0):
        text = self.mq(*arguments, "-o", "json", status=status)
        return json.loads(text) if text.strip() else []

    def running(self):
        return ",".join(b.address for b in self.cluster.brokers.values() if b.is_running())

    def partitions(self):
        return self.rows("partition", "list", "--internal")

    def held(self, what):
        """Replicas, or leaders, by broker."""
        counts = collections.Counter()
        for row in self.partitions():
            counts.update(row["replicas"] if what == "replicas" else [row["replicas"][0]])
        return counts

    def controller(self):
        return self.rows("cluster", "info")["controller"]

    def limit(self):
        """What every broker that runs says of it, of all brokers and of itself."""
        from confluent_kafka.admin import AdminClient, ConfigResource
        values = set()
        for number, broker in self.cluster.brokers.items():
            if not broker.is_running():
                continue
            admin = AdminClient({"bootstrap.servers": broker.address, "log_level": 0})
            resource = ConfigResource(ConfigResource.Type.BROKER, str(number))
            for entry in admin.describe_configs([resource])[resource].result(20).values():
                if entry.name == RATE:
                    values.add(entry.value)
        return values

    def read(self):
        consumer = Consumer({"bootstrap.servers": self.running(), "group.id": "unused", "enable.partition.eof": True, "log_level": 0})
        consumer.assign([TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)])
        records, ends = collections.Counter(), 0
        while ends < PARTITIONS:
            message = consumer.poll(60)
            if message is None:
                break
            if message.error():
                ends += 1
            else:
                records[(message.partition(), message.value())] += 1
        consumer.close()
        return records

    def cancel_moves(self):
        """An empty partition needs no bandwidth: its move may be complete before it is cancelled, which is no failure."""
        self.mq("cluster", "moves", "cancel", "-y")

    # ---- what happens

    def a_fourth_broker_comes(self):
        four = Broker(self.cluster.mq, os.path.join(self.cluster.folder, "broker4"))
        four.flags = ["--node-id", "4", "--etcd", self.cluster.etcd.urls, "--rpc", "127.0.0.1:0"]
        self.cluster.brokers[4] = four
        four.start()
        wait_until("the fourth broker is known", lambda: len(self.rows("cluster", "info")["brokers"]) == 4)
        plan = self.rows("cluster", "rebalance", "--dry-run", ANY_DISK)
        self.expect(plan and all(4 in row["new_replicas"] or row["action"] == "lead" for row in plan),
                    "what would move goes to the broker that is new")
        self.expect(4 not in self.held("replicas"), "and a dry run moves nothing")
        self.mq("cluster", "rebalance", ANY_DISK, status=10)
        self.expect("confirmed" in self.stderr, "it wants to be confirmed")
        self.mq("cluster", "rebalance", ANY_DISK, "-y", "--wait=3m", "--bandwidth=inf")
        held = self.held("replicas")
        self.expect(min(held.values()) >= 0.8 * max(held.values()), f"replicas are even: {dict(held)}")
        leads = collections.Counter(r["replicas"][0] for r in self.partitions() if r["topic"] == "__consumer_offsets")
        self.expect(max(leads.values()) - min(leads.values()) <= 1, f"so are preferred leaders of a topic: {dict(leads)}")
        self.expect(self.rows("cluster", "rebalance", "--dry-run", ANY_DISK) == [], "and there is nothing more to do")

    def one_is_drained(self, broker):
        self.mq("broker", "drain", str(broker), "-y", "--wait=1m")
        led = self.rows("partition", "list", "--internal", "--leader", str(broker))
        self.expect(led == [], f"who is drained leads nothing: {led}")
        self.cluster.brokers[broker].stop()
        self.cluster.brokers[broker].start()
        self.cluster.wait_for_all()
        led = self.rows("partition", "list", "--internal", "--leader", str(broker))
        self.expect(led == [], f"nor when it is back: {led}")
        self.mq("partition", "elect", TOPIC, "-y", status=None)
        self.expect("is drained" in self.stderr, "it cannot be elected")
        self.mq("broker", "resume", str(broker), "-y")
        self.mq("partition", "elect", "-y")
        led = self.rows("partition", "list", "--internal", "--leader", str(broker))
        self.expect(led != [], "when it resumes it leads again")

    def one_is_decommissioned(self, broker):
        name = str(broker)
        self.mq("broker", "decommission", name, ANY_DISK, "-y", status=10)
        self.mq("broker", "decommission", name, ANY_DISK, "--confirm", name, "--bandwidth=0")
        moving = self.rows("cluster", "moves", "--over=0")
        self.expect(any(row["state"] == "paused" for row in moving), f"moves can be paused: {moving[:2]}")
        self.expect("0" in self.limit(), "which brokers know as their limit")
        left = self.rows("broker", "decommission", name, "--status", ANY_DISK, status=9)
        self.expect(all(row["reason"] for row in left), "each partition that is left has a reason")
        controller = self.controller()
        self.cluster.brokers[controller].kill()
        wait_until("another broker is the controller", lambda: self.controller() not in (controller, -1))
        self.cluster.brokers[controller].start()
        again = self.rows("cluster", "moves", "--over=0")
        self.expect({r["partition"] for r in again if r["topic"] == TOPIC} == {r["partition"] for r in moving if r["topic"] == TOPIC},
                    "what moves outlives the controller")
        self.cancel_moves()
        self.expect(self.rows("cluster", "moves", "--over=0") == [], "moves can be cancelled")
        wait_until("the limit is lifted", lambda: self.limit() == {str(2**63 - 1)})
        self.expect(True, "and the limit does not outlive them")
        self.mq("topic", "create", "new", "-p", "8", "-r", "3")
        self.expect(all(broker not in row["replicas"] for row in self.rows("partition", "list", "new")),
                    "who is to go gets no new replicas")
        self.mq("broker", "decommission", name, ANY_DISK, "--confirm", name, "--wait=3m", "--bandwidth=1GiB/s")
        self.expect(f"mq broker unregister {name}" in self.stderr, "in the end it says how to go on")
        self.expect(self.rows("broker", "decommission", name, "--status", ANY_DISK) == [], "nothing is left")
        self.expect(broker not in self.held("replicas"), "nothing is there")
        self.cluster.brokers[broker].stop()
        self.mq("partition", "elect", "-y")  # a minute later the controller would
        self.mq("cluster", "health", "--wait=2m")

    def another_cannot_go(self, broker):
        rows = self.rows("broker", "decommission", str(broker), ANY_DISK, "--confirm", str(broker), status=7)
        self.expect(rows and all("every other broker" in row["reason"] for row in rows), "where there is no place it is refused, with the reason")
        self.expect(self.rows("cluster", "moves", "--over=0") == [], "and nothing moves")

    def run(self):
        cluster = self.cluster.start()
        self.mq("topic", "create", TOPIC, "-p", str(PARTITIONS), "-r", "3")
        consumer = Consumer({"bootstrap.servers": cluster.addresses, "group.id": "some", "log_level": 0})
        consumer.commit(offsets=[TopicPartition(TOPIC, 0, 0)], asynchronous=False)
        consumer.close()
        load = Load(cluster.addresses)
        load.start()
        wait_until("there is something to move", lambda: len(load.acknowledged) > 5000)
        self.a_fourth_broker_comes()
        self.one_is_drained(next(b for b in (1, 2, 3) if b != self.controller()))
        leaver = next(b for b in (3, 2, 1) if b != self.controller())
        self.one_is_decommissioned(leaver)
        self.another_cannot_go(next(b for b in (1, 2, 3, 4) if b not in (leaver, self.controller())))
        load.end()
        self.expect(load.lost == [], f"nothing failed for the producer: {load.lost[:3]}")
        records = self.read()
        missing = [one for one in load.acknowledged if records[one] == 0]
        self.expect(missing == [], f"of {len(load.acknowledged)} records that were acknowledged {len(missing)} are lost")
        twice = [one for one, count in records.items() if count > 1]
        self.expect(twice == [], f"{len(twice)} are there twice")
        cluster.conclude(self.found, f"{len(load.acknowledged)} records while brokers came and went")


def main():
    with tempfile.TemporaryDirectory(prefix="mq-balance-") as folder:
        Test(sys.argv[1], folder).run()


if __name__ == "__main__":
    main()
