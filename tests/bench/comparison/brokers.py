# SPDX-License-Identifier: Apache-2.0
"""The brokers: how each is started on empty data, watched and stopped."""
import os, pathlib, re, shutil, signal, socket, time

from comparison.recipes import BIN, PEERS_DIR, RECIPES, Failure


class Broker:
    """A process that answers on a port and keeps its data below PEERS_DIR; started and probed by the recipes' tools."""

    def __init__(self, name, protocol, port, data, command, prepare=""):
        self.name, self.protocol, self.command, self.prepare = name, protocol, [str(part) for part in command], prepare
        self.address, self.data, self.pid_file = f"127.0.0.1:{port}", PEERS_DIR / data, PEERS_DIR / f"compare-{name}.pid"
        self.started_files = [self.pid_file, PEERS_DIR / "startup.pid"]  # where the recipes that start it write its number
        self.flushes = "no yes" if name == "kafka" else "no"  # mq syncs before every answer without being asked

    def start(self, sitting):
        self.require_silence()
        shutil.rmtree(self.data, ignore_errors=True)
        if self.prepare:
            sitting.run(["bash", "-c", self.prepare])
        sitting.run([str(BIN / "firstack"), self.protocol, self.address, "firstack", str(self.pid_file), "60", "--", *self.command])

    def require_silence(self):
        host, port = self.address.split(":")
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                raise Failure(f"something else answers on {self.address}")

    def runs(self):
        return bool(running(self.pid_file))

    def pid(self):
        pid = running(self.pid_file)
        if not pid:
            raise Failure(f"{self.name} is not running any more")
        return pid

    def stop(self):
        for file in self.started_files:
            pid = running(file)
            for how, patience_s in (signal.SIGTERM, 30), (signal.SIGKILL, 10):
                if pid and alive(pid):
                    os.kill(pid, how)
                    wait_gone(pid, patience_s)
            file.unlink(missing_ok=True)

    def memory_mib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.pid()}/status").read_text())[1]) / 1024

    def cpu_ms(self):
        fields = pathlib.Path(f"/proc/{self.pid()}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def switches(self):
        tasks = pathlib.Path(f"/proc/{self.pid()}/task").glob("*/status")
        return sum(int(count) for task in tasks for count in re.findall(r"ctxt_switches:\s+(\d+)", task.read_text()))


def running(pid_file):
    """The process whose number stands in a file, or 0. Numbers come again: it must have been started below PEERS_DIR."""
    try:
        pid = int(pid_file.read_text())
        started_here = os.fsencode(PEERS_DIR) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        return pid if started_here and alive(pid) else 0
    except (OSError, ValueError):
        return 0


def wait_gone(pid, patience_s):
    deadline = time.monotonic() + patience_s
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def alive(pid):
    try:  # a zombie has ended: whoever adopted it may be slow to reap it
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


given_ports = set()


def free_port(consecutive=1):
    # Below the range the kernel hands out to clients: a broker that restarts must find its port free.
    for first in range(24000, 32000, 10):
        probes = [socket.socket() for _ in range(consecutive)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + offset))
            if first not in given_ports:
                given_ports.add(first)
                return first
        except OSError:
            pass
        finally:
            for probe in probes:
                probe.close()
    raise SystemExit("compare: no free port")


def mq_broker(binary):
    port = free_port()
    serve = [binary, "serve", "--data", PEERS_DIR / "mq-data", "--listen", f"127.0.0.1:{port}", "--log-level", "error"]
    return Broker("mq", "kafka", port, "mq-data", serve)


def kafka_broker():
    script, data = RECIPES / "run-kafka.sh", "kafka/compare-data"
    port = free_port(2)  # the controller listens on the next one
    os.environ |= {"KAFKA_PORT": str(port), "KAFKA_DATA": str(PEERS_DIR / data)}
    return Broker("kafka", "kafka", port, data, [script, "exec"], f"'{script}' format")


def nats_broker():
    port = free_port()
    os.environ["NATS_PORT"] = str(port)
    server = [PEERS_DIR / "go/bin/nats-server", "-c", PEERS_DIR / "nats.conf", "-l", PEERS_DIR / "nats.log"]
    broker = Broker("nats", "nats", port, "nats-data", server, f"CONF_ONLY=1 '{RECIPES / 'nats.sh'}' default")
    broker.started_files.append(PEERS_DIR / "nats.pid")
    return broker
