# SPDX-License-Identifier: Apache-2.0
"""Groups of the consumer protocol (KIP-848) with a librdkafka that speaks it: broker.py MQ -- newest.sh consumer_protocol.py"""

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import NewPartitions

from checks import ADDRESS, equal, run, test
from members import WAIT_SECONDS, admin, create, described, evenly, seen_by, send, until
from members import Member as AnyMember


def Member(group, topic, **properties):
    return AnyMember(group, topic, **{"group_protocol": "consumer", **properties})


@test
def a_group_reads_everything_and_goes_on_where_it_was():
    topic = create("consumers-resume", 4)
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
def members_come_and_go_and_every_record_is_read_once():
    topic = create("consumers-share", 12)
    members = [Member("share", topic)]
    sent = send(topic, 0, 1000, 12)
    for _ in range(2):
        members.append(Member("share", topic))
        until("an even share", lambda: evenly(members, 12))
        sent |= send(topic, len(sent), 1000, 12)
    gone = members.pop(0)
    gone.end()
    until("an even share of two", lambda: evenly(members, 12))
    sent |= send(topic, len(sent), 1000, 12)
    until("all records", lambda: len(seen_by([gone, *members])) >= len(sent))
    for member in members:
        member.end()
    seen = seen_by([gone, *members])
    equal((set(seen), max(seen.values())), (sent, 1), "every record once")


@test
def partitions_that_come_later_are_shared_out_too():
    topic = create("consumers-grow", 2)
    members = [Member("grow", topic) for _ in range(2)]
    until("an even share", lambda: evenly(members, 2))
    admin.create_partitions([NewPartitions(topic, 7)])[topic].result(WAIT_SECONDS)
    until("an even share of seven", lambda: evenly(members, 7))
    for member in members:
        member.end()


@test
def a_pattern_follows_topics_as_they_come():
    create("consumers-pattern-a", 2)
    member = Member("pattern", "^consumers-pattern-.*")
    until("the first topic", lambda: len(member.owned) == 2)
    create("consumers-pattern-b", 3)
    until("the second topic", lambda: len(member.owned) == 5)
    member.end()


@test
def a_static_member_comes_back_to_what_it_had_and_disturbs_nobody():
    topic = create("consumers-static", 6)
    first, other = (Member("static", topic, group_instance_id=i) for i in ("i1", "i2"))
    until("an even share", lambda: evenly([first, other], 6))
    had, before = set(first.owned), len(other.assigned + other.revoked)
    first.end()
    again = Member("static", topic, group_instance_id="i1")
    until("what it had", lambda: again.owned == had)
    equal(len(other.assigned + other.revoked), before, "changes of the other one")
    again.end()
    other.end()


@test
def range_deals_topics_alike():
    topics = [create(f"consumers-range-{i}", 4) for i in range(2)]
    members = [Member("range", "^consumers-range-.*", group_remote_assignor="range") for _ in range(2)]
    until("an even share", lambda: evenly(members, 8))
    for member in members:
        numbers = [{p for topic, p in member.owned if topic == name} for name in topics]
        equal(numbers[0], numbers[1], "partitions of both topics")
        member.end()


@test
def an_empty_group_is_taken_over_by_the_other_protocol():
    topic = create("consumers-convert", 3)
    send(topic, 0, 300, 3)
    new = Member("convert", topic)
    until("all records", lambda: len(new.seen) == 300)
    new.end()
    old = Consumer({"bootstrap.servers": ADDRESS, "group.id": "convert", "auto.offset.reset": "earliest",
                    "enable.auto.commit": False})
    old.subscribe([topic])
    until("an assignment", lambda: not old.poll(0.1) and len(old.assignment()) == 3)
    committed = old.committed([TopicPartition(topic, p) for p in range(3)], WAIT_SECONDS)
    equal([p.offset for p in committed], [100] * 3, "what is committed")
    old.close()
    back = Member("convert", topic)
    until("all partitions", lambda: len(back.owned) == 3)
    back.end()
    equal(back.seen, [], "records read again")


@test
def tools_see_the_group():
    topic = create("consumers-tools", 2)
    member = Member("tools", topic)
    until("all partitions", lambda: len(member.owned) == 2)
    group = described("tools")
    equal((group.state.name, group.type.name, len(group.members)), ("STABLE", "CONSUMER", 1), "the group")
    owned = {(p.topic, p.partition) for p in group.members[0].assignment.topic_partitions}
    equal(owned, member.owned, "its assignment")
    listed = [g for g in admin.list_consumer_groups().result(WAIT_SECONDS).valid if g.group_id == "tools"]
    equal([g.type.name for g in listed], ["CONSUMER"], "its line")
    member.end()


run()
