# SPDX-License-Identifier: Apache-2.0
"""kafka-python, a client that shares no code with the others: broker.py MQ -- /usr/bin/python3 kafka_python.py"""

import importlib.util
import os
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition, errors
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewPartitions, NewTopic

from checks import ADDRESS, equal, raises, run, test

WAIT_SECONDS = 15
MODULES = {"gzip": "gzip", "snappy": "snappy", "lz4": "lz4", "zstd": "zstandard"}  # what kafka-python compresses with
admin = KafkaAdminClient(bootstrap_servers=ADDRESS)


def create(name, partitions=1, **config):
    config = {key.replace("_", "."): str(value) for key, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
    return name


def send(topic, records, **properties):
    """Produces dicts of send() arguments; gives back what was told of each."""
    producer = KafkaProducer(bootstrap_servers=ADDRESS, linger_ms=20, **properties)
    futures = [producer.send(topic, **record) for record in records]
    producer.flush(WAIT_SECONDS)
    told = [future.get(WAIT_SECONDS) for future in futures]
    producer.close(WAIT_SECONDS)
    return told


def consumer(**properties):
    return KafkaConsumer(bootstrap_servers=ADDRESS, enable_auto_commit=False, auto_offset_reset="none", **properties)


def read(topic, count, partition=0, offset=None, **properties):
    """`count` records, and then the end."""
    reader, place = consumer(**properties), TopicPartition(topic, partition)
    reader.assign([place])
    reader.seek_to_beginning(place) if offset is None else reader.seek(place, offset)
    records, deadline = [], time.monotonic() + WAIT_SECONDS
    while len(records) < count and time.monotonic() < deadline:
        records += reader.poll(500).get(place, [])
    equal(len(records), count, "records")
    equal(reader.position(place), reader.end_offsets([place])[place], "the position after the last record is the end")
    reader.close()
    return records


@test
def records_come_back_with_every_acks():
    for acks in (0, 1, "all"):
        topic = create(f"python-acks-{acks}")
        told = send(topic, [{"value": b"%d" % i} for i in range(500)], acks=acks)
        expected = [-1] * 500 if acks == 0 else list(range(500))
        equal([t.offset for t in told], expected, "offsets told")
        reader, place, seen = consumer(), TopicPartition(topic, 0), []
        reader.assign([place])
        reader.seek(place, 0)
        deadline = time.monotonic() + WAIT_SECONDS
        while len(seen) < 500 and time.monotonic() < deadline:  # acks=0: may still arrive
            seen += [record.value for record in reader.poll(500).get(place, [])]
        equal(seen, [b"%d" % i for i in range(500)], "values")
        reader.close()


@test
def every_codec_that_is_installed_comes_back():
    topic = create("python-codecs")
    codecs = [codec for codec, module in MODULES.items() if importlib.util.find_spec(module)]
    print(f"      codecs: {' '.join(codecs)}")
    expected = []
    for codec in codecs:
        values = [f"{codec} {i} {'x' * (i % 200)}".encode() for i in range(300)]
        send(topic, [{"value": value} for value in values], compression_type=codec)
        expected += values
    equal([record.value for record in read(topic, len(expected))], expected, "values")


@test
def keys_headers_and_nulls_come_back():
    topic = create("python-nulls")
    records = [{"key": key, "value": value, "headers": headers}
               for key in (None, b"", b"k") for value in (None, b"", b"v") if key or value  # its own rule: one of them
               for headers in ([], [("a", b"1"), ("b", b""), ("a", b"2")])]
    send(topic, records)
    equal([{"key": r.key, "value": r.value, "headers": r.headers} for r in read(topic, len(records))], records, "records")


@test
def a_record_of_1_MiB_passes_when_the_topic_allows_it():
    topic = create("python-large", max_message_bytes=2 << 20)
    value = os.urandom(1 << 20)
    send(topic, [{"value": value}], max_request_size=4 << 20)
    equal(read(topic, 1)[0].value == value, True, "whole")


@test
def a_record_above_max_message_bytes_is_refused():
    topic = create("python-small", max_message_bytes=1000)
    raises(lambda: send(topic, [{"value": os.urandom(1001)}]), errors.MessageSizeTooLargeError)
    equal([r.offset for r in read(topic, 0)], [], "records")


@test
def reading_begins_where_it_is_told_to():
    topic = create("python-offsets")
    send(topic, [{"value": b"%d" % i} for i in range(100)])
    equal([r.offset for r in read(topic, 63, offset=37)], list(range(37, 100)), "from 37")
    reader, place = consumer(), TopicPartition(topic, 0)
    reader.assign([place])
    reader.seek_to_end(place)
    equal(reader.position(place), 100, "the end")
    reader.seek_to_beginning(place)
    equal(reader.position(place), 0, "the beginning")
    equal((reader.beginning_offsets([place]), reader.end_offsets([place])), ({place: 0}, {place: 100}), "offsets")
    reader.seek(place, 101)
    raises(lambda: [reader.poll(500) for _ in range(20)], errors.OffsetOutOfRangeError)
    reader.close()


@test
def offsets_are_found_by_time():
    topic = create("python-times", 2)
    send(topic, [{"value": b"x", "partition": 0, "timestamp_ms": 1000 + 10 * i} for i in range(100)])
    reader, place, empty = consumer(), TopicPartition(topic, 0), TopicPartition(topic, 1)
    for t, expected in ((1, (0, 1000)), (1001, (1, 1010)), (1500, (50, 1500)), (1990, (99, 1990))):
        equal(tuple(reader.offsets_for_times({place: t})[place]), expected, f"offset and time at {t}")
    equal(reader.offsets_for_times({place: 1991, empty: 1}), {place: None, empty: None}, "where there is none")
    reader.close()


@test
def timestamps_are_the_producers_or_the_brokers():
    topic = create("python-create-time")
    send(topic, [{"value": b"x", "timestamp_ms": 5000}])
    equal((lambda r: (r.timestamp, r.timestamp_type))(read(topic, 1)[0]), (5000, 0), "create time")
    topic = create("python-append-time", message_timestamp_type="LogAppendTime")
    before = int(time.time() * 1000)
    send(topic, [{"value": b"x", "timestamp_ms": 5000}])
    record = read(topic, 1)[0]
    equal((record.timestamp >= before, record.timestamp_type), (True, 1), "append time")


@test
def topics_are_created_listed_and_deleted():
    topic = create("python-topics", 3)
    reader = consumer()
    equal(reader.partitions_for_topic(topic), {0, 1, 2}, "partitions")
    equal(topic in reader.topics(), True, "listed")
    raises(lambda: create(topic), errors.TopicAlreadyExistsError)
    admin.delete_topics([topic])
    equal(topic in reader.topics(), False, "listed")
    raises(lambda: admin.delete_topics([topic]), errors.UnknownTopicOrPartitionError)
    reader.close()


@test
def configs_are_described_and_altered():
    topic = create("python-configs", retention_ms=12345)

    def described():
        answers = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {entry[0]: entry[1] for answer in answers for entry in answer.resources[0][4]}

    equal(described()["retention.ms"], "12345", "as created")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": "54321"})])
    equal((described()["max.message.bytes"], described()["retention.ms"]), ("54321", "604800000"), "after")


@test
def partitions_are_added():
    topic = create("python-grow", 1)
    admin.create_partitions({topic: NewPartitions(3)})
    send(topic, [{"value": b"x", "partition": 2}])
    equal(read(topic, 1, partition=2)[0].value, b"x")
    raises(lambda: admin.create_partitions({topic: NewPartitions(2)}), errors.InvalidPartitionsError)


@test
def the_cluster_is_described():
    cluster = admin.describe_cluster()
    equal(sorted(f"{b['host']}:{b['port']}" for b in cluster["brokers"]), sorted(ADDRESS.split(",")), "brokers")
    equal(bool(cluster["cluster_id"]), True, "a cluster id")


if __name__ == "__main__":
    run()
