# SPDX-License-Identifier: Apache-2.0
"""Consumer groups with confluent-kafka and kafka-python: broker.py MQ -- /usr/bin/python3 groups.py"""

import signal
import subprocess
import sys
import threading
import time

from confluent_kafka import Consumer

from checks import ADDRESS, equal, run, test
from members import WAIT_SECONDS, admin, all_of, create, seen_by, send, until
from members import Member as AnyMember


def Member(group, topic, **properties):
    """One whose session ends soon."""
    return AnyMember(group, topic, **{"session_timeout_ms": 6000, "heartbeat_interval_ms": 500, **properties})


def shared_out(members, partitions):
    """Each partition has one owner."""
    owned = [p for member in members for p in member.owned]
    return len(owned) == len(set(owned)) == partitions and all(member.owned for member in members)


@test
def a_group_reads_everything_and_goes_on_where_it_was():
    topic = create("groups-resume", 4)
    sent = send(topic, 0, 1000, 4)
    one = Member("resume", topic)
    until("all records", lambda: len(one.seen) >= 1000)
    one.end()
    equal(set(one.seen), sent, "records")
    more = send(topic, 1000, 100, 4)
    two = Member("resume", topic)
    until("the new records", lambda: len(two.seen) >= 100)
    two.end()
    equal((set(two.seen), len(two.seen)), (more, 100), "the new records only")


@test
def five_members_that_come_at_once_share_the_partitions():
    topic = create("groups-five", 20)
    members = [Member("five", topic) for _ in range(5)]
    until("an owner for each partition", lambda: shared_out(members, 20))
    sent = send(topic, 0, 2000, 20)
    until("all records", lambda: len(seen_by(members)) >= 2000)
    for member in members:
        member.end()
    seen = seen_by(members)
    equal((set(seen), max(seen.values())), (sent, 1), "every record once")


@test
def a_clean_rebalance_skips_nothing_and_repeats_nothing():
    topic = create("groups-clean", 8)
    sent = set()
    members = [Member("clean", topic)]
    for round in range(4):
        sent |= send(topic, round * 500, 500, 8)
        until("some records", lambda: len(seen_by(members)) >= round * 500 + 100)
        members.append(Member("clean", topic))
        until("an owner for each partition", lambda: shared_out(members, 8))
    sent |= send(topic, 2000, 500, 8)
    until("all records", lambda: len(seen_by(members)) >= len(sent))
    for member in members:
        member.end()
    seen = seen_by(members)
    equal(set(seen), sent, "records")
    equal([v for v, times in seen.items() if times > 1], [], "records seen twice")


@test
def a_member_that_crashes_is_replaced_after_its_session():
    topic = create("groups-crash", 4)
    here = Member("crash", topic)
    until("everything", lambda: here.owned == all_of(topic, 4))
    there = subprocess.Popen([sys.executable, __file__, "--member", "crash", topic], stdout=subprocess.PIPE, text=True)
    until("a half", lambda: len(here.owned) == 2)
    there.stdout.readline()  # it has its half, too
    there.send_signal(signal.SIGKILL)
    there.wait()
    begin = time.monotonic()
    until("everything again", lambda: here.owned == all_of(topic, 4))
    equal(time.monotonic() - begin < 15, True, "soon after the session timeout of 6 s")
    sent = send(topic, 0, 100, 4)
    until("all records", lambda: len(here.seen) >= 100)
    here.end()
    equal(set(here.seen), sent, "records")


@test
def a_static_member_that_restarts_disturbs_nobody():
    topic = create("groups-static", 4)
    stays = Member("static", topic, group_instance_id="a", session_timeout_ms=20000)
    restarts = Member("static", topic, group_instance_id="b", session_timeout_ms=20000)
    until("an owner for each partition", lambda: shared_out([stays, restarts], 4))
    before, owned = len(stays.assigned), restarts.owned
    restarts.end()
    again = Member("static", topic, group_instance_id="b", session_timeout_ms=20000)
    until("its old partitions", lambda: again.owned == owned)
    sent = send(topic, 0, 100, 4)
    until("all records", lambda: len(seen_by([stays, again])) >= 100)
    equal(len(stays.assigned), before, "rebalances that the other one saw")
    stays.end()
    again.end()
    equal(set(seen_by([stays, again])), sent, "records")


@test
def a_cooperative_group_moves_only_what_moves():
    topic = create("groups-cooperative", 6)
    strategy = {"partition.assignment.strategy": "cooperative-sticky"}
    first = Member("cooperative", topic, **strategy)
    until("everything", lambda: first.owned == all_of(topic, 6))
    second = Member("cooperative", topic, **strategy)
    until("three each", lambda: shared_out([first, second], 6) and len(second.owned) == 3)
    equal(first.revoked, [second.owned], "given up by the first: just what the second has now")
    third = Member("cooperative", topic, **strategy)
    until("two each", lambda: shared_out([first, second, third], 6) and len(third.owned) == 2)
    sent = send(topic, 0, 600, 6)
    until("all records", lambda: len(seen_by([first, second, third])) >= 600)
    for member in (first, second, third):
        equal(member.lost, 0, "partitions lost")
        member.end()
    seen = seen_by([first, second, third])
    equal((set(seen), max(seen.values())), (sent, 1), "every record once")


class PythonMember(threading.Thread):
    """A kafka-python consumer; its poll() waits for as long as a rebalance takes."""

    def __init__(self, group, topic):
        super().__init__(daemon=True)
        self.group, self.topic, self.seen, self.owned, self.ending = group, topic, [], set(), False
        self.start()

    def run(self):
        from kafka import KafkaConsumer
        consumer = KafkaConsumer(self.topic, bootstrap_servers=ADDRESS, group_id=self.group, session_timeout_ms=6000,
                                 auto_offset_reset="earliest", enable_auto_commit=True, heartbeat_interval_ms=300)
        while not self.ending:
            for records in consumer.poll(100).values():
                self.seen += [record.value for record in records]
            self.owned = {place.partition for place in consumer.assignment()}
        consumer.close()

    def end(self):
        self.ending = True
        self.join(WAIT_SECONDS)


@test
def kafka_python_members_share_and_resume():
    topic = create("groups-python", 4)
    sent = send(topic, 0, 400, 4)
    one = PythonMember("python", topic)
    until("all records", lambda: len(one.seen) >= 400)
    two = PythonMember("python", topic)
    until("two each", lambda: shared_out([one, two], 4))
    sent |= send(topic, 400, 100, 4)
    until("the new records", lambda: len(seen_by([one, two])) >= 500)
    one.end()
    until("everything", lambda: two.owned == {0, 1, 2, 3})
    two.end()
    seen = seen_by([one, two])
    equal((set(seen), max(seen.values())), (sent, 1), "every record once")


@test
def groups_are_listed_described_and_deleted():
    from kafka.admin import KafkaAdminClient
    topic = create("groups-admin", 2)
    send(topic, 0, 10, 2)
    member = Member("admin", topic)
    until("records", lambda: len(member.seen) >= 10)
    python = KafkaAdminClient(bootstrap_servers=ADDRESS)
    equal([g.id for g in admin.list_groups("admin", WAIT_SECONDS)], ["admin"], "listed")
    described = python.describe_consumer_groups(["admin"])[0]
    equal((described.state, described.protocol_type, len(described.members)), ("Stable", "consumer", 1), "described")
    member.end()
    offsets = python.list_consumer_group_offsets("admin")
    equal(sorted((p.partition, o.offset) for p, o in offsets.items()), [(0, 5), (1, 5)], "offsets")
    equal([error.errno for _, error in python.delete_consumer_groups(["admin"])], [0], "deleted")
    equal(python.list_consumer_group_offsets("admin"), {}, "offsets afterwards")
    python.close()


@test
def metadata_of_commits_comes_back_as_it_was():
    from kafka import KafkaConsumer, OffsetAndMetadata
    from kafka import TopicPartition as Place
    place = Place(create("groups-metadata", 1), 0)
    consumer = KafkaConsumer(bootstrap_servers=ADDRESS, group_id="metadata", enable_auto_commit=False)
    consumer.assign([place])
    for i, text in enumerate(("", "plain", "\u00e4\u20ac\U0001f600", "x" * 4000)):
        consumer.commit({place: OffsetAndMetadata(i, text)})
        told = consumer.committed(place, metadata=True)
        equal((told.offset, told.metadata), (i, text), "what was committed")
    consumer.close()


def one_member(group, topic):
    """A member in a process of its own, to be killed."""
    member = Member(group, topic)
    until("partitions", lambda: len(member.owned) == 2)
    print("ready", flush=True)
    member.join()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--member"]:
        one_member(*sys.argv[2:4])
    else:
        run()
