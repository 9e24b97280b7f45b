# SPDX-License-Identifier: Apache-2.0
"""From exec to the first acknowledged record. What is tried again is tried again at once: the recipes' own probe waits
10 ms between two tries, which is as long as the quicker ones of these brokers need altogether."""
import json, os, shutil, socket, subprocess, time

from comparison.recipes import Failure
from kafka_wire import Connection, batch


def first_ack_ms(sitting, broker, patience_s=60):
    broker.require_silence()
    shutil.rmtree(broker.data, ignore_errors=True)
    if broker.prepare:
        sitting.run(["bash", "-c", broker.prepare])
    broker.pid_file.unlink(missing_ok=True)
    began = time.perf_counter()
    process = subprocess.Popen(broker.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=os.environ | {"PEERS_LOCKED": "1"})
    broker.pid_file.write_text(str(process.pid))
    port = int(broker.address.split(":")[1])
    while time.perf_counter() - began < patience_s:
        try:
            acknowledged = {"kafka": kafka, "nats": jetstream}[broker.protocol](port)
        except OSError:
            acknowledged = False
        if acknowledged:
            took_ms = (time.perf_counter() - began) * 1000
            broker.stop()
            process.wait()
            return took_ms
        if process.poll() is not None:
            raise Failure(f"{broker.name} ended with {process.returncode}")
        time.sleep(0.0005)
    raise Failure(f"{broker.name} acknowledged nothing within {patience_s} s")


def kafka(port):
    connection = Connection(port)
    connection.create(["first"])
    return connection.produce("first", batch()) == 0


def jetstream(port):
    with socket.create_connection(("127.0.0.1", port), timeout=2) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def say(text, until):
            server.sendall(text.encode())
            heard = b""
            while until not in heard:
                more = server.recv(65536)
                if not more:
                    raise ConnectionError("closed")
                heard += more
            return heard

        stream = json.dumps({"name": "first", "subjects": ["first"], "storage": "file", "num_replicas": 1})
        say("", b"INFO")
        say('CONNECT {"verbose":false,"lang":"py","version":"1","protocol":1}\r\nSUB _INBOX.a 1\r\nPING\r\n', b"PONG")
        say(f"PUB $JS.API.STREAM.CREATE.first _INBOX.a {len(stream)}\r\n{stream}\r\n", b"\r\n{")
        return b'"seq":' in say("PUB first _INBOX.a 5\r\nhello\r\n", b"}")
