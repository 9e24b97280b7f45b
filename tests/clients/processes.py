# SPDX-License-Identifier: Apache-2.0
"""Members of consumer groups in processes of their own, of libraries that share no code with librdkafka."""

import json
import os
import subprocess
import threading

from checks import ADDRESS, equal
from members import WAIT_SECONDS

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "..", "..", "build", "clients", "node_modules")
PYTHON = "/usr/bin/python3"  # Debian's, which has kafka-python


def kafkajs(group, topic, address=ADDRESS, session_ms=6000):
    return ProcessMember("node", os.path.join(HERE, "kafkajs_member.js"), address, group, topic, str(session_ms))


def kafka_python(group, topic, address=ADDRESS, session_ms=6000):
    return ProcessMember(PYTHON, os.path.join(HERE, "kafka_python_member.py"), address, group, topic, str(session_ms))


class ProcessMember(threading.Thread):
    """The process tells a line of JSON of whatever happens to it, in the words of Kafka's VerifiableConsumer (--verbose), and
    leaves the group when it is asked to end. To be looked at as members.Member is."""

    def __init__(self, *command):
        super().__init__(daemon=True)
        self.seen, self.owned, self.lost, self.errors = [], set(), 0, []
        # setpriv: should the test be killed, the kernel takes the process along.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True, env=dict(os.environ, NODE_PATH=MODULES))
        self.start()

    def run(self):
        for line in self.process.stdout:
            self._note(json.loads(line))
        self.process.wait()

    def _note(self, told):
        places = {(place["topic"], place["partition"]) for place in told.get("partitions", [])}
        if told["name"] == "record_data":
            self.seen.append(told["value"].encode())
        elif told["name"] == "partitions_assigned":
            self.owned = self.owned | places
        elif told["name"] == "partitions_revoked":
            self.owned = self.owned - places
        elif told["name"] == "error":
            self.errors.append(told["message"])

    def leave(self):
        self.process.terminate()

    def end(self):
        self.leave()
        self.join(WAIT_SECONDS)
        equal((self.process.returncode, self.errors), (0, []), "how a member ended")
