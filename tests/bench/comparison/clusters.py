# SPDX-License-Identifier: Apache-2.0
"""Three brokers of a kind: how they are started on empty data, watched, killed and stopped."""
import os, pathlib, shutil, signal, socket, subprocess, sys, time

from comparison.brokers import alive, free_port, wait_gone
from comparison.recipes import PEERS_DIR, ROOT, Failure

sys.path.insert(0, str(ROOT / "tests" / "cluster"))
from cluster import Cluster  # noqa: E402

HZ = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


class Three:
    """pids(): every process that the cluster needs, by name; brokers first."""

    def cpu_s(self):
        return sum(map(cpu_s, self.pids().values()))

    def memory_mib(self):
        return sum(map(memory_mib, self.pids().values()))


class MqThree(Three):
    name, topic_settings = "mq", {}

    def __init__(self, binary):
        self.folder = PEERS_DIR / "mq-three"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.cluster = Cluster(binary, str(self.folder), flags=["--log-level", "error"])

    def start(self):
        # Its ready line is what start() waits for, and not an error.
        self.cluster.flags = ()
        self.cluster.start()
        return self

    @property
    def addresses(self):
        return self.cluster.addresses

    def pids(self):
        found = {f"broker {number}": broker.process.pid for number, broker in self.cluster.brokers.items() if broker.is_running()}
        return found | {f"etcd {number}": process.pid for number, process in enumerate(self.cluster.etcd.processes)}

    def kill(self, broker):
        self.cluster.brokers[broker].kill()

    def stop(self):
        self.cluster.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class KafkaThree(Three):
    """Brokers and controllers in the same three processes (KRaft combined), the distribution's JVM flags."""

    def __init__(self, name="kafka", topic_settings=None):
        self.name, self.topic_settings = name, topic_settings or {}
        self.home, self.processes = PEERS_DIR / "kafka", {}
        self.folder = PEERS_DIR / "kafka-three"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.ports = {node: free_port(2) for node in (1, 2, 3)}  # the controller listens on the next one

    @property
    def addresses(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values())

    def java(self, memory, main, *arguments):
        return ["java", f"-Xmx{memory}", f"-Xms{memory}", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
                "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-XX:MaxInlineLevel=15",
                "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties", "-cp", f"{self.home}/libs/*",
                main, *map(str, arguments)]

    def write_settings(self, node):
        port = self.ports[node]
        voters = ",".join(f"{other}@127.0.0.1:{first + 1}" for other, first in self.ports.items())
        settings = self.folder / f"{node}.properties"
        settings.write_text("\n".join([
            "process.roles=broker,controller", f"node.id={node}", f"controller.quorum.voters={voters}",
            f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}",
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}", "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT", "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            f"log.dirs={self.folder}/data{node}", "offsets.topic.replication.factor=3",
            "transaction.state.log.replication.factor=3", "transaction.state.log.min.isr=2", ""]))
        (self.folder / "log4j2.properties").write_text("status=error\nrootLogger.level=OFF\n")
        return settings

    def start(self):
        cluster_id = "bXEtY29tcGFyaXNvbi0tLQ"
        files = {node: self.write_settings(node) for node in self.ports}
        for node, settings in files.items():
            done = subprocess.run(self.java("256M", "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", settings),
                                  capture_output=True, text=True)
            if done.returncode:
                raise Failure(f"kafka's storage cannot be formatted: {done.stderr[-200:]}")
        for node, settings in files.items():
            log = open(self.folder / f"{node}.log", "wb")
            self.processes[node] = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.java("1G", "kafka.Kafka", settings)],
                                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 90
        while not all(map(self.answers, self.ports.values())):
            if time.monotonic() > deadline:
                raise Failure("three brokers of kafka do not start")
            time.sleep(0.2)
        return self

    @staticmethod
    def answers(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def pids(self):
        return {f"broker {node}": process.pid for node, process in self.processes.items() if process.poll() is None}

    def kill(self, broker):
        self.processes[broker].kill()
        self.processes[broker].wait()

    def stop(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if alive(process.pid):
                wait_gone(process.pid, 10)
        shutil.rmtree(self.folder, ignore_errors=True)
