# SPDX-License-Identifier: Apache-2.0
"""A member of a group with kafka-python, for processes.py: kafka_python_member.py BROKERS GROUP TOPIC SESSION_MS"""

import json
import logging
import signal
import sys

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor


def tell(name, **more):
    print(json.dumps({"name": name, **more}), flush=True)


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        tell("partitions_revoked", partitions=[place._asdict() for place in revoked])

    def on_partitions_assigned(self, assigned):
        tell("partitions_assigned", partitions=[place._asdict() for place in assigned])


def main():
    address, group, topic, session_ms = sys.argv[1:]
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    logging.disable()
    # The version is not guessed: a broker that dies meanwhile would look like a very old one.
    consumer = KafkaConsumer(bootstrap_servers=address, api_version=(2, 4, 0), group_id=group, auto_offset_reset="earliest",
                             session_timeout_ms=int(session_ms), heartbeat_interval_ms=200, auto_commit_interval_ms=200,
                             partition_assignment_strategy=[RangePartitionAssignor], retry_backoff_ms=50,
                             reconnect_backoff_ms=20, reconnect_backoff_max_ms=100)
    consumer.subscribe([topic], listener=Listener())
    while not ending:
        for records in consumer.poll(50).values():
            for record in records:
                tell("record_data", value=record.value.decode())
    consumer.close()


if __name__ == "__main__":
    main()
