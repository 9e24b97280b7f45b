#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker of its own for a test: a fresh data directory, a port from the kernel, a clean stop checked.

As a program: broker.py MQ [flags of serve] -- COMMAND...   runs COMMAND beside a broker, with MQ (the binary), MQ_BROKERS
(host:port) and DATA (the data directory) in its environment. Fails when the command fails or the broker does not stop
with exit status 0.
As a module: class Broker, for tests that stop, kill and restart one."""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

START_SECONDS = 60
STOP_SECONDS = 60


class Broker:
    """Used from one thread. A second start() listens on the port of the first, so that clients find it again."""

    def __init__(self, mq, data, flags=(), host="127.0.0.1", within=()):
        """`within`: the command that runs it, when it is not to run as it is: nsenter, env."""
        self.mq, self.data, self.flags = os.path.abspath(mq), data, list(flags)
        self.host, self.within = host, list(within)
        self.port, self.http = 0, None  # http: HOST:PORT
        self.process = None
        self.log = collections.deque(maxlen=20000)  # the newest lines of all starts

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def start(self):
        """Returns when requests are served."""
        self.launch()
        if not self.told.wait(START_SECONDS) or not self.ready:
            self.kill()
            raise RuntimeError(f"the broker did not start\n{self.newest_log()}")
        self.port = int(re.search(rf"{re.escape(self.host)}:(\d+)", self.ready).group(1))
        self.http = re.search(r"http ([^,]+)", self.ready).group(1)
        return self

    def launch(self):
        """Returns at once."""
        # setpriv: should the test be killed, the kernel takes the broker along.
        command = ["setpriv", "--pdeathsig", "KILL", *self.within, self.mq, "serve", "--data", self.data,
                   "--listen", self.address, "--http", "127.0.0.1:0", "--log-format", "json", *self.flags]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        self.told, self.ready = threading.Event(), None  # told: ready, or ended
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr, self.told), daemon=True)
        self.reader.start()

    def _read(self, lines, told):
        for line in lines:
            self.log.append(line.rstrip())
            message = message_of(line)
            if message.startswith("ready "):
                self.ready = message
                told.set()
        told.set()
        lines.close()

    def stop(self):
        """An orderly stop; what it ended with must be 0."""
        status = self._end(signal.SIGTERM)
        if status != 0:
            raise RuntimeError(f"the broker ended with {status}\n{self.newest_log()}")

    def kill(self):
        return self._end(signal.SIGKILL)

    def _end(self, how):
        if self.process is None:
            return 0
        self.process.send_signal(how)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = f"SIGKILL, after {STOP_SECONDS} s of waiting"
        self.reader.join(STOP_SECONDS)
        self.process = None
        return status

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def pause(self):
        """Returns when the process stands still."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def newest_log(self, lines=40):
        return "\n".join(list(self.log)[-lines:])


def message_of(line):
    try:
        return str(json.loads(line).get("msg", ""))
    except (ValueError, AttributeError):
        return line


def main():
    if "--" not in sys.argv or len(sys.argv) < 4:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    mq, *flags = sys.argv[1:split]
    with tempfile.TemporaryDirectory(prefix="mq-clients-") as folder:
        broker = Broker(mq, os.path.join(folder, "data"), flags).start()
        environment = dict(os.environ, MQ=broker.mq, MQ_BROKERS=broker.address, DATA=broker.data)
        status = subprocess.run(sys.argv[split + 1:], env=environment).returncode
        if not broker.is_running():
            print(f"the broker is gone\n{broker.newest_log()}")
            sys.exit(1)
        broker.stop()
        if status != 0:
            print(f"the broker's log:\n{broker.newest_log()}")
        sys.exit(1 if status else 0)


if __name__ == "__main__":
    main()
