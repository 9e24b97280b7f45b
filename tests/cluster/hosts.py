# SPDX-License-Identifier: Apache-2.0
"""Hosts of a network that is the test's own: each is a network namespace, with the test's namespace as the router between them.
Packets from one to another can be lost without a word, in one direction or in both, as when a cable is pulled."""

import os
import subprocess
import sys
import time

INSIDE = "NETWORK_OF_THE_TEST"
SKIPPED = 77
ROUTER = "10.77.0.254"


def enter():
    """Starts this program anew in a network of its own, unless it is there. Ends it with a word where that is impossible."""
    if os.environ.get(INSIDE):
        return
    tried = subprocess.run(["unshare", "-rn", "ip", "rule", "add", "from", "10.77.0.1", "to", "10.77.0.2", "blackhole"],
                           capture_output=True, text=True)
    if tried.returncode != 0:
        print(f"SKIPPED: no network of its own: {tried.stderr.strip()}\n0 passed, 0 failed")
        sys.exit(SKIPPED)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])


def run(*command):
    subprocess.run(command, check=True)


class Host:
    """`within`: a command that runs another one here."""

    def __init__(self, number):
        self.address = f"10.77.0.{number}"
        self.holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "sleep", "infinity"])
        space = f"/proc/{self.holder.pid}/ns/net"
        while os.readlink(space) == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        self.within = ("nsenter", f"--net={space}")
        wire = f"host{number}"
        run("ip", "link", "add", wire, "type", "veth", "peer", "name", "wire", "netns", str(self.holder.pid))
        run("ip", "address", "add", f"{ROUTER}/32", "dev", wire)
        run("ip", "link", "set", wire, "up")
        run("ip", "route", "add", f"{self.address}/32", "dev", wire)
        run(*self.within, "ip", "link", "set", "lo", "up")
        run(*self.within, "ip", "address", "add", f"{self.address}/32", "dev", "wire")
        run(*self.within, "ip", "link", "set", "wire", "up")
        run(*self.within, "ip", "route", "add", f"{ROUTER}/32", "dev", "wire")
        run(*self.within, "ip", "route", "add", "10.77.0.0/24", "via", ROUTER)


class Network:
    """In a network that was entered. It is gone with the process."""

    def __init__(self, hosts):
        run("ip", "link", "set", "lo", "up")
        with open("/proc/sys/net/ipv4/ip_forward", "w") as file:
            file.write("1")
        self.hosts = [Host(number) for number in range(1, hosts + 1)]
        self.cuts = []

    def lose(self, sender, receiver):
        """What one host sends to another is lost from now on, on open connections, too."""
        rule = ("from", sender.address, "to", receiver.address, "blackhole")
        run("ip", "rule", "add", *rule)
        self.cuts.append(rule)

    def part(self, one, other):
        self.lose(one, other)
        self.lose(other, one)

    def hide(self, host):
        """From this program, and those that it has started here."""
        rule = ("iif", "lo", "to", host.address, "blackhole")
        run("ip", "rule", "add", *rule)
        self.cuts.append(rule)

    def heal(self):
        while self.cuts:
            run("ip", "rule", "del", *self.cuts.pop())
