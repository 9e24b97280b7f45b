# SPDX-License-Identifier: Apache-2.0
"""Transactions with confluent-kafka (librdkafka): broker.py MQ -- /usr/bin/python3 confluent_transactions.py"""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from checks import ADDRESS, equal, raises, run, test

WAIT_SECONDS = 15
admin = AdminClient({"bootstrap.servers": ADDRESS})


def create(name, partitions=1):
    admin.create_topics([NewTopic(name, partitions, 1)])[name].result(WAIT_SECONDS)
    return name


def transactional(name, **properties):
    properties = {key.replace("_", "."): value for key, value in properties.items()}
    producer = Producer({"bootstrap.servers": ADDRESS, "transactional.id": name, "linger.ms": 0, "log_level": 0,
                         **properties})
    producer.init_transactions(WAIT_SECONDS)
    return producer


def write(producer, topic, values, partition=0):
    for value in values:
        producer.produce(topic, value=value, partition=partition)


def read(topic, isolation, partition=0):
    """Everything up to the end that this isolation level sees."""
    reader = Consumer({"bootstrap.servers": ADDRESS, "group.id": "unused", "enable.auto.commit": False,
                       "isolation.level": isolation, "enable.partition.eof": True, "check.crcs": True,
                       "fetch.wait.max.ms": 50, "log_level": 0})
    reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
    values = []
    try:
        while True:
            message = reader.poll(WAIT_SECONDS)
            if message is None:
                raise TimeoutError(f"no end of {topic} after {len(values)} records")
            if not message.error():
                values.append(message.value().decode())
            elif message.error().code() == KafkaError._PARTITION_EOF:
                return values
            else:
                raise KafkaException(message.error())
    finally:
        reader.close()


def committed(topic, expected, partition=0):
    """Markers follow the answer to a commit: until they are there, or it is clear that they do not come."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (got := read(topic, "read_committed", partition)) != expected and time.monotonic() < deadline:
        pass
    equal(got, expected, "committed values")


@test
def a_committed_transaction_is_seen_whole_and_not_before():
    topic = create("txn-commit", 2)
    producer = transactional("commit")
    producer.begin_transaction()
    write(producer, topic, ["a", "b"])
    write(producer, topic, ["c"], 1)
    producer.flush(WAIT_SECONDS)
    equal(read(topic, "read_uncommitted"), ["a", "b"], "uncommitted values")
    equal(read(topic, "read_committed"), [], "committed values")
    producer.commit_transaction(WAIT_SECONDS)
    committed(topic, ["a", "b"])
    committed(topic, ["c"], 1)


@test
def an_aborted_transaction_is_never_seen():
    topic = create("txn-abort")
    producer = transactional("abort")
    for i in range(30):
        producer.begin_transaction()
        write(producer, topic, [f"{i}"])
        if i % 3 == 0:
            producer.flush(WAIT_SECONDS)
            producer.abort_transaction(WAIT_SECONDS)
        else:
            producer.commit_transaction(WAIT_SECONDS)
    committed(topic, [f"{i}" for i in range(30) if i % 3])
    equal(len(read(topic, "read_uncommitted")), 30, "records of both kinds")


@test
def transactions_of_several_producers_do_not_touch_each_other():
    topic = create("txn-many")
    producers = [transactional(f"many-{i}") for i in range(5)]
    for producer in producers:
        producer.begin_transaction()
    for n in range(20):
        for i, producer in enumerate(producers):
            write(producer, topic, [f"{i}:{n}"])
            producer.flush(WAIT_SECONDS)
    for i, producer in enumerate(producers):
        (producer.commit_transaction if i % 2 else producer.abort_transaction)(WAIT_SECONDS)
    committed(topic, [f"{i}:{n}" for n in range(20) for i in (1, 3)])


@test
def the_older_of_two_producers_with_one_id_is_fenced():
    topic = create("txn-fence")
    old = transactional("fence")
    old.begin_transaction()
    write(old, topic, ["old"])
    old.flush(WAIT_SECONDS)
    new = transactional("fence")
    write_failed = raises(lambda: old.commit_transaction(WAIT_SECONDS), KafkaException).args[0]
    equal(write_failed.fatal(), True, f"{write_failed} is fatal")
    new.begin_transaction()
    write(new, topic, ["new"])
    new.commit_transaction(WAIT_SECONDS)
    committed(topic, ["new"])


@test
def a_transaction_that_takes_too_long_is_aborted():
    topic = create("txn-slow")
    slow = transactional("slow", transaction_timeout_ms=1000)
    slow.begin_transaction()
    write(slow, topic, ["slow"])
    slow.flush(WAIT_SECONDS)
    other = transactional("other")
    other.begin_transaction()
    write(other, topic, ["other"])
    other.commit_transaction(WAIT_SECONDS)
    committed(topic, ["other"])  # seen as soon as the slow one is over
    raises(lambda: slow.commit_transaction(WAIT_SECONDS), KafkaException)


@test
def a_timeout_beyond_what_the_broker_allows_is_refused():
    error = raises(lambda: transactional("patient", transaction_timeout_ms=900_001), KafkaException).args[0]
    equal(error.code(), KafkaError.INVALID_TRANSACTION_TIMEOUT, "code")


@test
def a_thousand_small_transactions_go_through_quickly():
    topic = create("txn-rate")
    producer = transactional("rate")
    began = time.monotonic()
    for i in range(1000):
        producer.begin_transaction()
        write(producer, topic, [f"{i}"])
        producer.commit_transaction(WAIT_SECONDS)
    print(f"      {1000 / (time.monotonic() - began):.0f} transactions a second")
    committed(topic, [f"{i}" for i in range(1000)])


run()
