# SPDX-License-Identifier: Apache-2.0
"""What the log of the coordinator says about one group, in its order: who committed what, and who owned what then."""

import struct

from confluent_kafka import Consumer, KafkaError, TopicPartition

OFFSETS_TOPIC = "__consumer_offsets"
OFFSET_KEYS, CLASSIC_GROUP_KEY, OWNERSHIP_KEY = (0, 1), 2, 8  # what a key begins with


class Fields:
    """Kafka's way of writing things down, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big", signed=True)

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        size = self.number(2)
        return self.take(size).decode() if size >= 0 else None

    def numbers(self, count):
        return list(struct.unpack(f">{count}i", self.take(4 * count)))

    def skip_tags(self):
        for _ in range(self.varint()):
            self.varint()
            self.take(self.varint())


def assigned_by_leader(data):
    """The partitions in a classic member's assignment."""
    if not data:
        return []
    fields = Fields(data)
    fields.number(2)  # version
    partitions = []
    for _ in range(fields.number(4)):
        fields.text()  # topic: there is one
        partitions += fields.numbers(fields.number(4))
    return partitions


def classic_owners(value):
    """Member → partitions, of a group of the classic protocol."""
    fields = Fields(value)
    version = fields.number(2)
    assert version == 3, f"a group's record of version {version}"
    fields.text(), fields.number(4), fields.text(), fields.text(), fields.number(8)
    owners = {}
    for _ in range(fields.number(4)):
        member = fields.text()
        fields.text(), fields.text(), fields.text(), fields.number(4), fields.number(4)
        fields.take(fields.number(4))  # subscription
        owners[member] = assigned_by_leader(fields.take(fields.number(4)))
    return owners


def owned_by_member(value):
    """The partitions that a member of a consumer group may read."""
    fields = Fields(value)
    fields.number(2), fields.number(4), fields.number(4), fields.number(1)  # version, epochs, state
    partitions = []
    for _ in range(fields.varint() - 1):
        fields.take(16)  # topic: there is one
        partitions += fields.numbers(fields.varint() - 1)
        fields.skip_tags()
    return partitions


def changes(key, value, group):
    """("commit", partition, offset) and ("owns", partition, member), as one record says."""
    fields = Fields(key)
    kind = fields.number(2)
    if value is None or fields.text() != group:
        return []
    if kind in OFFSET_KEYS:
        fields.text()
        return [("commit", fields.number(4), int.from_bytes(value[2:10], "big", signed=True))]
    if kind == CLASSIC_GROUP_KEY:
        return [("owns", p, member) for member, owned in classic_owners(value).items() for p in owned]
    if kind == OWNERSHIP_KEY:
        member = fields.text()
        return [("owns", p, member) for p in owned_by_member(value)]
    return []


def read(address, group):
    consumer = Consumer({"bootstrap.servers": address, "group.id": "nobody", "enable.auto.commit": False,
                         "enable.partition.eof": True, "log_level": 0})
    count = len(consumer.list_topics(OFFSETS_TOPIC, 10).topics[OFFSETS_TOPIC].partitions)
    consumer.assign([TopicPartition(OFFSETS_TOPIC, p, 0) for p in range(count)])
    found, ended = [], 0
    while ended < count:
        message = consumer.poll(10)
        assert message is not None, f"{OFFSETS_TOPIC} does not end"
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended += 1
        else:
            found += changes(message.key(), message.value(), group)
    consumer.close()
    return found


def overtaken(log):
    """An owner goes on from what was committed when the partition became its own. It may go back itself, for librdkafka sends
    a commit again whose answer it did not get; what is below where it began is another's."""
    owner, committed, began, faults = {}, {}, {}, []
    for what, partition, value in log:
        if what == "owns" and owner.get(partition) != value:
            owner[partition], began[partition] = value, committed.get(partition, 0)
        elif what == "commit":
            if value < began.get(partition, 0):
                faults.append(f"partition {partition}: {owner[partition]} began at {began[partition]}, then {value} is committed")
            committed[partition] = value
    return faults


def lost(log, told):
    """Whoever asked again and again was told what the log has, in its order: told is partition → offsets."""
    faults = []
    for partition, offsets in told.items():
        commits = [-1] + [value for what, p, value in log if what == "commit" and p == partition]
        at = 0
        for offset in offsets:
            later = [i for i in range(at, len(commits)) if commits[i] == offset]
            if not later:
                faults.append(f"partition {partition}: {offset} was told, and is not in the log behind {commits[at]}")
                break
            at = later[0]
    return faults
