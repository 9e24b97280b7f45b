# SPDX-License-Identifier: Apache-2.0
"""Groups that go from the classic protocol to the consumer protocol (KIP-848) and back while they read, one member after the
other, with clients of several libraries: broker.py MQ -- newest.sh migration.py"""

from checks import equal, run, test
from members import Member, Stream, create, described, evenly, seen_by, until
from processes import kafka_python, kafkajs

PARTITIONS = 12


def consumer(group, topic):
    return Member(group, topic, group_protocol="consumer")


def classic(strategy):
    return lambda group, topic: Member(group, topic, group_protocol="classic", session_timeout_ms=6000,
                                       heartbeat_interval_ms=300, partition_assignment_strategy=strategy)


def roll(group, classics):
    """Whatever mix there is, everybody reads; every record is read once."""
    topic = create(f"migration-{group}", PARTITIONS)
    members, gone = [start(group, topic) for start in classics], []
    until("an even share", lambda: evenly(members, PARTITIONS))
    stream = Stream(topic, PARTITIONS)
    for kind, starts in (("CONSUMER", [consumer] * len(classics)), ("CLASSIC", classics)):
        for start in starts:
            gone.append(members.pop(0))
            gone[-1].end()
            members.append(start(group, topic))
            until("an even share", lambda: evenly(members, PARTITIONS))
            before = [len(member.seen) for member in members]
            until("records for everybody", lambda: all(len(m.seen) > count for m, count in zip(members, before)))
        equal(described(group).type.name, kind, "what the group is now")
    sent = stream.finish()
    until("all records", lambda: len(seen_by(gone + members)) >= len(sent))
    for member in members:
        member.end()
    seen = seen_by(gone + members)
    equal((set(seen) == sent, [v for v, times in seen.items() if times > 1]), (True, []), "every record, and none twice")
    equal(sum(member.lost for member in gone + members), 0, "partitions lost without a word")


@test
def an_application_goes_over_to_the_other_protocol_and_back_eagerly():
    roll("eager", [classic("range")] * 3)


@test
def an_application_goes_over_to_the_other_protocol_and_back_cooperatively():
    roll("cooperative", [classic("cooperative-sticky")] * 3)


@test
def applications_of_several_libraries_go_over_to_the_other_protocol_and_back():
    roll("libraries", [kafkajs, kafka_python, classic("range")])


run()
