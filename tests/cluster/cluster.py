#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cluster of its own for a test: etcd and brokers on ports from the kernel, in a directory that goes with it.

As a program: cluster.py MQ [flags of serve] -- COMMAND...   runs COMMAND beside three brokers, with MQ (the binary),
MQ_BROKERS (all of them) and DATA (the data directory of the first) in its environment. Fails when the command fails or a
broker does not stop with exit status 0. With --restarting before `--` the brokers are restarted meanwhile, one after another.
              cluster.py MQ --keep N [flags of serve]        runs N brokers until it is interrupted, and says how to reach them.
As a module: class Cluster, for tests that do to them what happens to brokers. KEEP=1 in the environment keeps the directory of
a test that failed, with the brokers' logs."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients"))
from broker import Broker  # noqa: E402

WAIT_SECONDS = 60
BETWEEN_RESTARTS_SECONDS = 4  # as an administrator would; also to a library that waits before it looks again


def free_ports(count):
    """Nobody else is given them as long as there are others."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until(what, true, seconds=WAIT_SECONDS):
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds} s still not: {what}")
        time.sleep(0.02)


class Local:
    """Where processes run when there is no network of hosts (hosts.py)."""
    address, within = "127.0.0.1", ()


class Etcd:
    """One member or more; each on a host of its own when there is a network of hosts."""

    def __init__(self, folder, members=1, hosts=None):
        self.folder, self.processes = folder, [None] * members
        self.hosts = hosts or [Local()] * members
        self.choose_ports()

    def choose_ports(self):
        members = len(self.processes)
        ports = free_ports(2 * members)
        self.clients = [f"http://{host.address}:{port}" for host, port in zip(self.hosts, ports)]
        self.peers = [f"http://{host.address}:{port}" for host, port in zip(self.hosts, ports[members:])]
        self.cluster = ",".join(f"e{i}={peer}" for i, peer in enumerate(self.peers))

    @property
    def urls(self):
        return ",".join(self.clients)

    def start(self):
        """Brokers are told of its ports after that: somebody may have taken one in between, then there are others."""
        for _ in range(5):
            for member in range(len(self.processes)):
                self.launch(member)
            wait_until("etcd answers, or ends", lambda: self.has_ended() or self.is_healthy())
            if not self.has_ended():
                return self
            self.stop()
            for member in range(len(self.processes)):
                shutil.rmtree(self.data(member), ignore_errors=True)
            self.choose_ports()
        raise RuntimeError("etcd does not start")

    def has_ended(self):
        return any(process.poll() is not None for process in self.processes)

    def data(self, member=0):
        return os.path.join(self.folder, f"etcd{member}")

    def launch(self, member=0, state="new"):
        client, peer = self.clients[member], self.peers[member]
        log = open(os.path.join(self.folder, f"etcd{member}.log"), "ab")
        self.processes[member] = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self.hosts[member].within, "etcd", "--name", f"e{member}", "--data-dir",
             self.data(member), "--listen-client-urls", client, "--advertise-client-urls", client,
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", self.cluster,
             "--initial-cluster-state", state, "--logger", "zap"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_healthy(self):
        """Every member is."""
        try:
            return all(b"true" in self.ask(member, "/health") for member in range(len(self.clients)))
        except OSError:
            return False

    def ask(self, member, path, body=None):
        sent = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.clients[member] + path, sent), timeout=5) as answer:
            return answer.read()

    def leader(self):
        """The member that leads, as it says itself."""
        for member, process in enumerate(self.processes):
            try:
                status = json.loads(self.ask(member, "/v3/maintenance/status", {}))
            except OSError:
                continue
            if status.get("leader") == status["header"]["member_id"]:
                return member
        return None

    def entries(self, prefix):
        """What is under keys that begin so: key → JSON."""
        def coded(text):
            return base64.b64encode(text.encode()).decode()

        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        running = next(member for member, process in enumerate(self.processes) if process.poll() is None)
        answer = json.loads(self.ask(running, "/v3/kv/range", {"key": coded(prefix), "range_end": coded(end)}))
        return {base64.b64decode(kv["key"]).decode(): json.loads(base64.b64decode(kv["value"])) for kv in answer.get("kvs", [])}

    def signal(self, how, member=0):
        self.processes[member].send_signal(how)

    def kill(self, member=0):
        self.processes[member].kill()
        self.processes[member].wait()

    def stop(self):
        for process in filter(None, self.processes):
            process.kill()
            process.wait()


class Cluster:
    """Used from one thread. Brokers are numbered from 1. `hosts`: one for each broker, then one for each member of etcd."""

    def __init__(self, mq, folder, brokers=3, etcd_members=1, flags=(), hosts=None):
        self.mq, self.folder = os.path.abspath(mq), folder
        hosts = hosts or [Local()] * (brokers + etcd_members)
        self.etcd = Etcd(folder, etcd_members, hosts[brokers:])
        self.brokers = {}
        for number, host in enumerate(hosts[:brokers], 1):
            self.brokers[number] = Broker(mq, os.path.join(folder, f"broker{number}"), host=host.address, within=host.within)
        self.flags = flags

    @property
    def addresses(self):
        return ",".join(broker.address for broker in self.brokers.values())

    def start_etcd(self):
        self.etcd.start()
        for number, broker in self.brokers.items():
            broker.flags = ["--node-id", str(number), "--etcd", self.etcd.urls, "--rpc", f"{broker.host}:0", *self.flags]

    def start(self):
        self.start_etcd()
        for broker in self.brokers.values():
            broker.start()
        self.wait_for_all()
        return self

    def topics(self, address=None):
        """What a broker, any that answers unless told, says of every partition: (topic, index) → (leader, replicas, isr). None: none
        does, or it does not know all the others."""
        from confluent_kafka.admin import AdminClient
        from confluent_kafka import KafkaException
        try:
            admin = AdminClient({"bootstrap.servers": address or self.addresses, "log_level": 0})
            metadata = admin.list_topics(timeout=5)
        except KafkaException:
            return None
        if len(metadata.brokers) < len(self.brokers):
            return None
        return {(name, index): (p.leader, sorted(p.replicas), sorted(p.isrs))
                for name, topic in metadata.topics.items() for index, p in topic.partitions.items()}

    def is_whole(self):
        """All brokers say so: one that was cut off still says what it knew before."""
        said = [self.topics(broker.address) for broker in self.brokers.values()]
        return all(partitions is not None and partitions == said[0] and
                   all(leader >= 0 and replicas == isr for leader, replicas, isr in partitions.values()) for partitions in said)

    def wait_for_all(self, seconds=WAIT_SECONDS):
        """Until all brokers run, and every replica is in sync."""
        try:
            wait_until("all replicas are in sync", self.is_whole, seconds)
        except TimeoutError as error:
            logs = "\n".join(f"broker {n}:\n{broker.newest_log(15)}" for n, broker in self.brokers.items())
            raise TimeoutError(f"{error}: {self.topics()}\n{logs}") from None

    def restart_in_turn(self, ended=None):
        """Each stops in order, and the next one when all replicas are in sync again."""
        for broker in self.brokers.values():
            if ended and ended.wait(BETWEEN_RESTARTS_SECONDS):
                return
            broker.stop()
            broker.start()
            self.wait_for_all()

    def harm(self, how, chance):
        """One broker is killed, stopped or frozen, and is back, or has thawed, when this returns."""
        broker = self.brokers[chance.choice(list(self.brokers))]
        if how == "frozen":
            broker.pause()
            time.sleep(chance.choice((0.5, 3, 11, 14)))
            return broker.resume()
        broker.kill() if how == "killed" else broker.stop()
        time.sleep(chance.choice((0, chance.uniform(0, 2))))
        return broker.start()

    def conclude(self, found, summary):
        """Stops all, says what was found, and ends the process with it."""
        try:
            self.stop()
        except RuntimeError as error:
            found = [*found, str(error)]
        for sentence in found[:20]:
            print(f"FAIL  {sentence}")
        if found:
            for number, broker in self.brokers.items():
                print(f"the log of broker {number}:\n{broker.newest_log()}")
        if found and os.environ.get("KEEP"):
            self.write_logs(found)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        print(summary)
        print(f"{0 if found else 1} passed, {len(found)} failed")
        sys.stdout.flush()
        os._exit(1 if found else 0)

    def write_logs(self, found):
        """Beside the data of the brokers, for whoever looks into what was found."""
        for number, broker in self.brokers.items():
            with open(os.path.join(self.folder, f"broker{number}.log"), "w") as file:
                file.write(broker.newest_log(len(broker.log)))
        with open(os.path.join(self.folder, "found"), "w") as file:
            file.write("\n".join(found))
        print(f"kept in {self.folder}")

    def stop(self):
        try:
            for broker in self.brokers.values():
                if broker.is_running():
                    broker.stop()
        finally:
            for broker in self.brokers.values():
                broker.kill()
            self.etcd.stop()


def keep(mq, brokers, flags):
    with tempfile.TemporaryDirectory(prefix="mq-cluster-") as folder:
        cluster = Cluster(mq, folder, brokers, flags=flags).start()
        print(f"etcd      {cluster.etcd.urls}")
        for number, broker in cluster.brokers.items():
            print(f"broker {number}  {broker.address}   http://{broker.http}/   data {broker.data}")
        print(f"\nexport MQ_BROKERS={cluster.addresses}\n\nCtrl-C stops and removes all of it.", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            cluster.stop()


def run_beside(mq, flags, command):
    restarting = "--restarting" in flags
    flags = [flag for flag in flags if flag != "--restarting"]
    with tempfile.TemporaryDirectory(prefix="mq-clients-") as folder:
        cluster = Cluster(mq, folder, flags=flags).start()
        environment = dict(os.environ, MQ=cluster.mq, MQ_BROKERS=cluster.addresses, DATA=cluster.brokers[1].data)
        process = subprocess.Popen(command, env=environment)
        ended, wrong = threading.Event(), []
        waiter = threading.Thread(target=lambda: (process.wait(), ended.set()), daemon=True)
        waiter.start()
        while restarting and not ended.is_set() and not wrong:
            try:
                cluster.restart_in_turn(ended)
            except (RuntimeError, TimeoutError) as error:
                wrong.append(str(error))
        waiter.join()
        wrong += [f"broker {n} is gone" for n, broker in cluster.brokers.items() if not broker.is_running()]
        if wrong or process.returncode != 0:
            for number, broker in cluster.brokers.items():
                print(f"the log of broker {number}:\n{broker.newest_log()}")
        for sentence in wrong:
            print(f"FAIL  {sentence}")
        cluster.stop()
        sys.exit(1 if wrong or process.returncode else 0)


def main():
    if shutil.which("etcd") is None:
        sys.exit("there is no etcd on the PATH (Debian's package etcd-server)")
    if len(sys.argv) > 3 and sys.argv[2] == "--keep":
        return keep(sys.argv[1], int(sys.argv[3]), sys.argv[4:])
    if "--" not in sys.argv or len(sys.argv) < 4:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    run_beside(sys.argv[1], sys.argv[2:split], sys.argv[split + 1:])


if __name__ == "__main__":
    main()
