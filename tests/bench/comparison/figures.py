# SPDX-License-Identifier: Apache-2.0
"""What is measured and what is promised: every figure, and the ratio of medians, mq to the peer, that it must reach."""
import dataclasses

COLUMNS = {"kafka": "Kafka, page cache", "kafka-fsync": "Kafka, flush.messages=1",
           "nats": "JetStream", "nats-always": "JetStream, sync always"}
NO_SUCH_FIGURE = ("n/a: there is no such figure. JetStream's tools measure no stored end-to-end latency, and its recipe no restart "
                  "with data, topics or partitions;\n     flush.messages changes nothing about Kafka's start, idle and topics.")


@dataclasses.dataclass(frozen=True)
class Figure:
    row: str  # what --only calls it
    title: str
    unit: str
    goals: dict  # peer -> ratio, or None where there is a figure and no promise; absent: no figure
    more_is_better: bool = False
    most: float | None = None  # what mq itself may reach at most


def peers(cache=None, fsync=None, jet=None, always=None):
    return {"kafka": cache, "kafka-fsync": fsync, "nats": jet, "nats-always": always}


def throughput_figures():
    names = {1000: "1 kB", 100: "100 B"}
    rates = {1000: peers(1.3, 2.5, 9, 250), 100: peers(1.0, 1.0, 15)}
    costs = {1000: peers(1 / 2, 1 / 3, 1 / 10), 100: peers(1 / 2, 1 / 2, 1 / 10)}
    figures = {}
    for size in 1000, 100:
        for parts in 1, 8:
            what = f"{names[size]}, {parts} part."
            figures["P", size, parts, "rate"] = Figure("produce", f"produce {what}", "msg/s", rates[size], True)
            figures["P", size, parts, "cpu"] = Figure("produce", f"produce {what}: broker CPU", "s/M", costs[size])
    for size in 1000, 100:  # the promise is about 1 kB; at 100 B the client is the limit
        for parts, rate, cost in (1, 1.3, 1 / 2), (8, 1.0, 1.0):
            what, kept = f"{names[size]}, {parts} part.", size == 1000
            promised = {"kafka": rate, "nats": 6} if kept else {"kafka": None, "nats": None}
            figures["C", size, parts, "rate"] = Figure("consume", f"consume {what}", "msg/s", promised, True)
            promised = {"kafka": cost if kept else None, "nats": None}
            figures["C", size, parts, "cpu"] = Figure("consume", f"consume {what}: broker CPU", "s/M", promised)
    return figures


def both(cache, fsync):
    return {"kafka": cache, "kafka-fsync": fsync}


FIGURES = throughput_figures() | {
    ("e2e", 1000, "p50"): Figure("e2e", "end to end at 1,000/s, p50", "us", both(1.1, 1 / 2)),
    ("e2e", 1000, "p99"): Figure("e2e", "end to end at 1,000/s, p99", "us", both(1.0, 1 / 3)),
    ("e2e", 10000, "p50"): Figure("e2e", "end to end at 10,000/s, p50", "us", both(1 / 50, 1 / 1000)),
    ("e2e", 10000, "p99"): Figure("e2e", "end to end at 10,000/s, p99", "us", both(1 / 100, 1 / 500)),
    "start": Figure("start", "start to first ack, empty", "ms", {"kafka": 1 / 75, "nats": 1.5}),
    "killed": Figure("restart", "restart to first ack, kill -9, {mib} MiB", "ms", {"kafka": 1 / 100}),
    "stopped": Figure("restart", "restart to first ack, clean, {mib} MiB", "ms", {"kafka": None}),
    "idle memory": Figure("idle", "idle: memory", "MiB", {"kafka": 1 / 30, "nats": 0.8}),
    "idle cpu": Figure("idle", "idle: CPU", "ms/s", {"kafka": None, "nats": None}, most=0),
    "idle switches": Figure("idle", "idle: context switches", "/s", {"kafka": None, "nats": None}, most=0),
    "memory": Figure("memory", "memory after all of the load", "MiB", {"kafka": 1 / 12, "nats": 1.3}),
    "create topics": Figure("topics", "create {topics} topics in one request", "ms", {"kafka": 1.0}),
    "topics stopped": Figure("topics", "restart with them, clean", "ms", {"kafka": 1 / 40}),
    "topics killed": Figure("topics", "restart with them, kill -9", "ms", {"kafka": 1 / 40}),
    "partitions": Figure("partitions", "{partitions} partitions, 16 KiB batches, 8 producers", "MB/s", both(1.3, 5), True),
}
ROWS = list(dict.fromkeys(figure.row for figure in FIGURES.values()))


@dataclasses.dataclass(frozen=True)
class Scale:
    counts: dict = dataclasses.field(default_factory=lambda: {1000: 1_000_000, 100: 2_000_000})
    nats: dict = dataclasses.field(default_factory=lambda: {"default": (1_000_000, 2_000_000, 20_000),
                                                            "always": (20_000, 20_000, 2_000)})
    warm_pass: bool = True  # an unrecorded pass of the load first: a JVM must have compiled what is measured
    latency_s: tuple = (5, 20)  # warm-up, measured
    idle_s: tuple = (20, 22)  # settling (a connection is looked at once more 15 s after it last said something), watched
    starts: int = 3
    mib: int = 1024
    topics: int = 1000
    partitions: int = 1000
    batches_per_producer: int = 4000


QUICK = Scale({1000: 100_000, 100: 200_000}, {"default": (50_000, 100_000, 2_000), "always": (2_000, 2_000, 500)},
              False, (1, 3), (2, 3), 1, 64, 1000, 1000, 200)
