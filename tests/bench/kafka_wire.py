# SPDX-License-Identifier: Apache-2.0
"""As much of Kafka's protocol as it takes to create topics and to produce a record, without a client library's start."""
import socket, struct, time


def crc32c(data, table=[]):
    if not table:
        for n in range(256):
            for _ in range(8):
                n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
            table.append(n)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def batch(value=b"x"):
    record = bytes([0, 0, 0, 1, len(value) << 1]) + value + b"\0"
    record = bytes([len(record) << 1]) + record
    now = int(time.time() * 1000)
    checked = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + record
    return struct.pack(">qiibI", 0, len(checked) + 9, -1, 2, crc32c(checked)) + checked


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, key, version, body):
        head = struct.pack(">hhih", key, version, 1, 1) + b"b"
        self.socket.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        size = struct.unpack(">i", self.exactly(4))[0]
        return self.exactly(size)[4:]

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise ConnectionError("closed")
            data += more
        return data

    def create(self, names):  # CreateTopics v2
        body = struct.pack(">i", len(names))
        for name in names:
            body += struct.pack(">h", len(name)) + name.encode() + struct.pack(">ihii", 1, 1, 0, 0)
        return self.call(19, 2, body + struct.pack(">ib", 30000, 0))

    def produce(self, topic, records):  # Produce v3, acks all; the error code
        body = struct.pack(">hhii", -1, -1, 30000, 1) + struct.pack(">h", len(topic)) + topic.encode()
        body += struct.pack(">iii", 1, 0, len(records)) + records
        answer = self.call(0, 3, body)
        return struct.unpack_from(">h", answer, 4 + 2 + len(topic) + 4 + 4)[0]
