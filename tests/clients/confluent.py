# SPDX-License-Identifier: Apache-2.0
"""confluent-kafka's Python interface against a broker: broker.py MQ -- /usr/bin/python3 confluent.py"""

import os
import random
import time

from confluent_kafka import (OFFSET_BEGINNING, OFFSET_END, TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, Consumer,
                             KafkaError, KafkaException, Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from checks import ADDRESS, equal, raises, run, test

WAIT_SECONDS = 15
admin = AdminClient({"bootstrap.servers": ADDRESS})


def create(name, partitions=1, **config):
    config = {key.replace("_", "."): str(value) for key, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result(WAIT_SECONDS)
    return name


def send(topic, records, **properties):
    """Produces dicts of produce() arguments; gives back what was delivered (messages), or raises the first error."""
    properties = {key.replace("_", "."): value for key, value in properties.items()}
    producer = Producer({"bootstrap.servers": ADDRESS, "linger.ms": 20, **properties})
    delivered = []
    for record in records:
        producer.produce(topic, on_delivery=lambda error, message: delivered.append((error, message)), **record)
    equal(producer.flush(WAIT_SECONDS), 0, "records without a report")
    for error, _ in delivered:
        if error is not None:
            raise KafkaException(error)
    return [message for _, message in delivered]


def consumer(**properties):
    properties = {key.replace("_", "."): value for key, value in properties.items()}
    return Consumer({"bootstrap.servers": ADDRESS, "group.id": "unused", "enable.auto.commit": False, "check.crcs": True,
                     "enable.partition.eof": True, "auto.offset.reset": "error", "fetch.wait.max.ms": 50,
                     "log_level": 0, **properties})


def read(topic, partition=0, offset=OFFSET_BEGINNING, **properties):
    """Everything from `offset` to the end."""
    reader = consumer(**properties)
    reader.assign([TopicPartition(topic, partition, offset)])
    records = []
    try:
        while True:
            message = reader.poll(WAIT_SECONDS)
            if message is None:
                raise TimeoutError(f"no end of {topic}[{partition}] after {len(records)} records")
            if not message.error():
                records.append(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                return records
            else:
                raise KafkaException(message.error())
    finally:
        reader.close()


def code(function):
    return raises(function, KafkaException).args[0].code()


@test
def records_come_back_as_they_were_sent_with_every_acks():
    for acks in ("1", "all"):
        topic = create(f"confluent-acks-{acks}")
        delivered = send(topic, [{"value": f"{i}"} for i in range(1000)], acks=acks)
        equal([m.offset() for m in delivered], list(range(1000)), "reported offsets")
        equal([m.value() for m in read(topic)], [b"%d" % i for i in range(1000)], "values")


@test
def acks_0_sends_without_waiting():
    topic = create("confluent-acks-0")
    send(topic, [{"value": f"{i}"} for i in range(1000)], acks="0")
    reader = consumer()
    reader.assign([TopicPartition(topic, 0, 0)])
    seen, deadline = [], time.monotonic() + WAIT_SECONDS
    while len(seen) < 1000 and time.monotonic() < deadline:
        seen += [m.value() for m in reader.consume(1000, 1) if not m.error()]
    equal(seen, [b"%d" % i for i in range(1000)], "values")
    reader.close()


@test
def idempotent_producers_write_every_record_once_in_order():
    topic = create("confluent-idempotent", 3)
    records = [{"value": f"{i}", "partition": i % 3} for i in range(3000)]
    send(topic, records, enable_idempotence=True, batch_num_messages=20)
    for p in range(3):
        equal([m.value() for m in read(topic, p)], [b"%d" % i for i in range(p, 3000, 3)], "values")


@test
def every_codec_comes_back_and_mixes_with_the_others():
    topic = create("confluent-codecs")
    expected = []
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        values = [f"{codec} {i} {'x' * (i % 200)}".encode() for i in range(500)]
        send(topic, [{"value": value} for value in values], compression_type=codec)
        expected += values
    equal([m.value() for m in read(topic)], expected, "values")


@test
def random_sizes_and_bytes_come_back():
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"      seed {seed}")
    chance = random.Random(seed)
    topic = create("confluent-random")
    records = [{"key": chance.randbytes(chance.choice((0, 1, 40))), "value": chance.randbytes(chance.choice((0, 1, 99, 60000)))}
               for _ in range(400)]
    send(topic, records, compression_type=chance.choice(("none", "gzip", "snappy", "lz4", "zstd")))
    equal([{"key": m.key(), "value": m.value()} for m in read(topic)], records, "records")


@test
def null_is_not_empty_in_keys_values_and_headers():
    topic = create("confluent-nulls")
    records = [{"key": key, "value": value, "headers": headers}
               for key in (None, b"", b"k") for value in (None, b"", b"v")
               for headers in ([], [("a", b"1"), ("b", None), ("c", b""), ("a", b"2"), ("ü", b"\0\xff")])]
    send(topic, records)
    equal([{"key": m.key(), "value": m.value(), "headers": m.headers() or []} for m in read(topic)], records, "records")


@test
def a_record_of_1_MiB_passes_when_the_topic_allows_it():
    topic = create("confluent-large", max_message_bytes=2 << 20)
    value = os.urandom(1 << 20)
    for codec in ("none", "zstd"):
        send(topic, [{"value": value}], message_max_bytes=4 << 20, compression_type=codec)
    equal([m.value() == value for m in read(topic)], [True, True], "whole")


@test
def a_record_above_max_message_bytes_is_refused_and_the_next_is_not():
    topic = create("confluent-small", max_message_bytes=1000)
    equal(code(lambda: send(topic, [{"value": os.urandom(1001)}])), KafkaError.MSG_SIZE_TOO_LARGE)
    send(topic, [{"value": b"fits"}])
    equal([(m.offset(), m.value()) for m in read(topic)], [(0, b"fits")], "records")


@test
def create_time_is_the_producers():
    topic = create("confluent-create-time")
    send(topic, [{"value": b"x", "timestamp": t} for t in (5000, 3000, 7000)])
    equal([m.timestamp() for m in read(topic)], [(TIMESTAMP_CREATE_TIME, t) for t in (5000, 3000, 7000)], "timestamps")


@test
def log_append_time_is_the_brokers():
    topic = create("confluent-append-time", message_timestamp_type="LogAppendTime")
    before = time.time() * 1000 - 1
    delivered = send(topic, [{"value": b"x", "timestamp": 5000}])
    after = time.time() * 1000 + 1
    kind, at = read(topic)[0].timestamp()
    equal(kind, TIMESTAMP_LOG_APPEND_TIME, "type")
    equal(before <= at <= after, True, f"{before} <= {at} <= {after}")
    equal(delivered[0].timestamp()[1], at, "the time in the delivery report")


@test
def reading_begins_at_an_offset_the_beginning_the_end_or_nowhere():
    topic = create("confluent-offsets")
    send(topic, [{"value": f"{i}"} for i in range(100)])
    equal(len(read(topic)), 100, "from the beginning")
    equal([m.offset() for m in read(topic, offset=37)], list(range(37, 100)), "from 37")
    equal(read(topic, offset=OFFSET_END), [], "from the end")
    equal(code(lambda: read(topic, offset=101)), KafkaError._AUTO_OFFSET_RESET, "past the end")
    equal(len(read(topic, offset=101, auto_offset_reset="earliest")), 100, "past the end, reset to earliest")


@test
def seek_moves_an_assigned_consumer():
    topic = create("confluent-seek")
    send(topic, [{"value": f"{i}"} for i in range(100)])
    reader = consumer()
    reader.assign([TopicPartition(topic, 0, 90)])
    equal(reader.poll(WAIT_SECONDS).offset(), 90)
    reader.seek(TopicPartition(topic, 0, 10))
    equal(reader.poll(WAIT_SECONDS).offset(), 10)
    reader.close()


@test
def a_waiting_consumer_gets_what_is_produced_later():
    topic = create("confluent-waiting")
    reader = consumer(fetch_wait_max_ms=5000)
    reader.assign([TopicPartition(topic, 0, 0)])
    equal(reader.poll(WAIT_SECONDS).error().code(), KafkaError._PARTITION_EOF, "first")
    send(topic, [{"value": b"later"}], linger_ms=0)
    began = time.monotonic()
    equal(reader.poll(WAIT_SECONDS).value(), b"later", "then")
    equal(time.monotonic() - began < 2, True, "woken, not timed out")
    reader.close()


@test
def offsets_are_found_by_time():
    topic = create("confluent-times", 2)
    send(topic, [{"value": b"x", "partition": 0, "timestamp": 1000 + 10 * i} for i in range(100)])
    reader = consumer()

    def at(t, partition=0):
        return reader.offsets_for_times([TopicPartition(topic, partition, t)], WAIT_SECONDS)[0].offset

    equal([at(t) for t in (1, 1000, 1001, 1500, 1990)], [0, 0, 1, 50, 99], "offsets")
    equal((at(1991), at(1, 1)), (OFFSET_END, OFFSET_END), "after everything, and where nothing is")
    equal(reader.get_watermark_offsets(TopicPartition(topic, 0), WAIT_SECONDS), (0, 100), "watermarks")
    reader.close()


@test
def many_partitions_are_read_by_one_consumer():
    topic = create("confluent-many", 50)
    send(topic, [{"value": f"{i}", "partition": i % 50} for i in range(5000)])
    reader = consumer()
    reader.assign([TopicPartition(topic, p, 0) for p in range(50)])
    seen, ended = {p: [] for p in range(50)}, set()
    while len(ended) < 50:
        message = reader.poll(WAIT_SECONDS)
        if message.error():
            ended.add(message.partition())
        else:
            seen[message.partition()].append(int(message.value()))
    equal(seen, {p: list(range(p, 5000, 50)) for p in range(50)}, "values")
    reader.close()


@test
def topics_are_created_listed_and_deleted():
    topic = create("confluent-topics", 4)
    metadata = admin.list_topics(timeout=WAIT_SECONDS)
    equal(len(metadata.topics[topic].partitions), 4, "partitions")
    equal(sorted(f"{b.host}:{b.port}" for b in metadata.brokers.values()), sorted(ADDRESS.split(",")), "brokers")
    equal(metadata.controller_id in metadata.brokers, True, "the controller is a broker")
    equal(code(lambda: create(topic)), KafkaError.TOPIC_ALREADY_EXISTS)
    admin.delete_topics([topic])[topic].result(WAIT_SECONDS)
    equal(topic in admin.list_topics(timeout=WAIT_SECONDS).topics, False, "listed")
    equal(code(lambda: admin.delete_topics([topic])[topic].result(WAIT_SECONDS)), KafkaError.UNKNOWN_TOPIC_OR_PART)


@test
def a_topic_made_again_under_its_name_is_empty():
    topic = create("confluent-again")
    send(topic, [{"value": b"old"}] * 10)
    admin.delete_topics([topic])[topic].result(WAIT_SECONDS)
    create(topic)
    send(topic, [{"value": b"new"}])
    equal([(m.offset(), m.value()) for m in read(topic)], [(0, b"new")], "records")


@test
def configs_are_described_and_altered():
    topic = create("confluent-configs", retention_ms=12345)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)

    def described():
        return {name: entry.value for name, entry in admin.describe_configs([resource])[resource].result(WAIT_SECONDS).items()}

    equal(described()["retention.ms"], "12345", "as created")
    wanted = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"max.message.bytes": "54321"})
    admin.alter_configs([wanted])[wanted].result(WAIT_SECONDS)
    equal(described()["max.message.bytes"], "54321", "altered")
    equal(described()["retention.ms"], "604800000", "what the alteration did not name is at its default again")
    bad = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"max.message.bytes": "many"})
    equal(code(lambda: admin.alter_configs([bad])[bad].result(WAIT_SECONDS)), KafkaError.INVALID_CONFIG)
    nobody = ConfigResource(ConfigResource.Type.TOPIC, "confluent-nobody")
    equal(code(lambda: admin.describe_configs([nobody])[nobody].result(WAIT_SECONDS)), KafkaError.UNKNOWN_TOPIC_OR_PART)


@test
def the_brokers_configs_are_described():
    broker = next(iter(admin.list_topics(timeout=WAIT_SECONDS).brokers))
    resource = ConfigResource(ConfigResource.Type.BROKER, str(broker))
    described = admin.describe_configs([resource])[resource].result(WAIT_SECONDS)
    equal(described["auto.create.topics.enable"].value, "true")


@test
def partitions_are_added():
    topic = create("confluent-grow", 1)
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(WAIT_SECONDS)
    send(topic, [{"value": b"x", "partition": 2}])
    equal(len(read(topic, 2)), 1, "records in a new partition")
    equal(code(lambda: admin.create_partitions([NewPartitions(topic, 2)])[topic].result(WAIT_SECONDS)),
          KafkaError.INVALID_PARTITIONS)


@test
def a_topic_is_created_by_its_first_producer():
    send("confluent-by-itself", [{"value": b"x"}])
    equal([m.value() for m in read("confluent-by-itself")], [b"x"], "values")


if __name__ == "__main__":
    run()
