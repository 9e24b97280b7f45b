# SPDX-License-Identifier: Apache-2.0
"""One function a row: it drives a broker and adds what came out to the sitting's results."""
import csv, os, re, subprocess, time

from comparison.figures import FIGURES
from comparison.first_ack import first_ack_ms
from comparison.recipes import BIN, RECIPES, Failure, number


def start(sitting, broker):
    for _ in range(sitting.scale.starts):
        sitting.results.add("start", broker.name, first_ack_ms(sitting, broker))


def idle(sitting, broker):
    settling_s, watched_s = sitting.scale.idle_s
    time.sleep(settling_s)
    cpu_ms, switches = broker.cpu_ms(), broker.switches()
    time.sleep(watched_s)
    sitting.results.add("idle cpu", broker.name, (broker.cpu_ms() - cpu_ms) / watched_s)
    sitting.results.add("idle switches", broker.name, (broker.switches() - switches) / watched_s)
    sitting.results.add("idle memory", broker.name, broker.memory_mib())


def throughput(sitting, broker):
    counts = {f"COUNT_{size}": count for size, count in sitting.scale.counts.items()}
    settings = {"RUNS": 1, "WARMUP": 0, "BROKER_PID": broker.pid()} | counts
    if sitting.scale.warm_pass:
        sitting.recipe("throughput.sh", broker.address, "warm-up", FLUSHES="no", OUT=sitting.folder / "warm-up", **settings)
    sitting.recipe("throughput.sh", broker.address, broker.name, FLUSHES=broker.flushes, **settings)
    with open(sitting.out / "throughput.tsv") as table:
        for line in csv.DictReader(table, delimiter="\t"):
            if line["label"] == broker.name:
                add_throughput(sitting.results, broker, line)


def add_throughput(results, broker, line):
    if line["mode"] == "C" and line["flush"] == "yes":
        return  # reading does not depend on how it was written
    column = f"{broker.name}-fsync" if line["flush"] == "yes" else broker.name
    figure = line["mode"], int(line["size"]), int(line["parts"])
    results.timed += 1
    results.add((*figure, "rate"), column, number(line, "msg_s"))
    results.add((*figure, "cpu"), column, number(line, "broker_cpu_s") * 1e6 / number(line, "msgs"))
    if number(line, "other_cpu_s") > 0.2 + 0.2 * number(line, "ms") / 1000:
        results.disturbed += 1


def latency(sitting, broker):
    warm_s, seconds = sitting.scale.latency_s
    sitting.recipe("latency.sh", broker.address, broker.name, RUNS=1, RATES="1000 10000", FLUSHES=broker.flushes,
                   SECONDS_=seconds, WARM=warm_s, BROKER_PID=broker.pid())
    for fields in sitting.lines("latency.txt", broker.name):
        column = f"{broker.name}-fsync" if fields.get("flush") == "yes" else broker.name
        if "e2e" in fields["words"]:
            for percentile in "p50", "p99":
                sitting.results.add(("e2e", int(fields["rate"]), percentile), column, number(fields, percentile))
        if fields.get("failed", "0") != "0" or fields.get("seen") != fields.get("sent"):
            sitting.results.note(f"{column} at {fields['rate']}/s: {fields.get('failed')} failed, "
                                 f"{fields.get('seen')} of {fields.get('sent')} seen")


def partitions(sitting, broker):
    for flush in broker.flushes.split():
        topic = f"wide-{os.getpid()}-{flush}"
        settings = ["flush.messages=1"] if flush == "yes" else []
        sitting.run([str(BIN / "adm"), broker.address, "create", topic, str(sitting.scale.partitions), *settings])
        sitting.run(["bash", "-c", f". '{RECIPES}/lib.sh'; prewarm 1500; sync; sleep 2"])
        column = f"{broker.name}-fsync" if flush == "yes" else broker.name
        if sitting.scale.warm_pass:
            eight_producers(broker, topic, sitting.scale.batches_per_producer // 8)
        sitting.results.add("partitions", column, eight_producers(broker, topic, sitting.scale.batches_per_producer))
        sitting.run([str(BIN / "adm"), broker.address, "delete", topic])


def eight_producers(broker, topic, count, timeout_s=400):
    # One record of 16,000 bytes fills a batch of 16 KiB; each goes to a partition of its own choice.
    record_bytes = 16_000
    command = [str(BIN / "rdkafka_performance"), "-P", "-t", topic, "-b", broker.address, "-s", str(record_bytes), "-c", str(count),
               "-a", "-1", "-q"]
    for setting in ("linger.ms=5", "batch.size=16384", "sticky.partitioning.linger.ms=0", "compression.codec=none",
                    "socket.nagle.disable=true"):
        command += ["-X", setting]
    producers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(8)]
    deadline, slowest_ms = time.monotonic() + timeout_s, 0
    try:
        for producer in producers:
            printed, _ = producer.communicate(timeout=max(1, deadline - time.monotonic()))
            found = re.search(rf"\b{count} delivered .*\b0 failed\) in (\d+)ms", printed)
            if not found:
                raise Failure("a producer did not deliver everything: " + " ".join(printed.split())[-120:])
            slowest_ms = max(slowest_ms, int(found[1]))
    except subprocess.TimeoutExpired:
        raise Failure(f"the eight producers took more than {timeout_s} s") from None
    finally:
        for producer in producers:
            if producer.poll() is None:
                producer.kill()
                producer.communicate()
    return 8 * count * record_bytes / slowest_ms / 1000


def memory(sitting, broker):
    sitting.results.add("memory", broker.name, broker.memory_mib())


def restart(sitting, broker):
    broker.start(sitting)
    sitting.run(["bash", "-c", f". '{RECIPES}/lib.sh'; prewarm {sitting.scale.mib + 200}"])
    restart_twice(sitting, broker, sitting.scale.mib, {"KILL": "killed", "TERM": "stopped"})


def topics(sitting, broker):
    broker.start(sitting)
    printed = sitting.run([str(BIN / "adm"), broker.address, "create-many", "many-", str(sitting.scale.topics), "1"])
    took = re.search(r"create_ms=([\d.]+)", printed)
    if not took:
        raise Failure("no figure create_ms in what adm wrote")
    sitting.results.add("create topics", broker.name, took[1])
    restart_twice(sitting, broker, 0, {"KILL": "topics killed", "TERM": "topics stopped"})


def restart_twice(sitting, broker, mib, figures):
    sitting.recipe("restart.sh", broker.name, broker.address, broker.pid_file, mib, "--", *broker.command, RUNS=1, COLD_DIR=broker.data)
    for fields in sitting.lines("restart.txt", broker.name):
        if fields.get("mib") == str(mib):
            sitting.results.add(figures[fields["how"]], broker.name, number(fields, "ack_ms"))


def jetstream(sitting, sync):
    column = "nats" if sync == "default" else "nats-always"
    large, small, synced = sitting.scale.nats[sync]
    sitting.recipe("nats.sh", sync, RUNS=1, A1=large, A2=small, S1=synced)
    resident = None
    for fields in sitting.lines("nats.txt", "nats"):
        mode = {"pub-async": "P", "ordered": "C"}.get(fields["words"][1])
        if fields.get("sync") != sync or not mode:
            continue
        if "msgs/sec" not in fields["words"]:
            raise Failure(f"nats bench printed no rate for {fields['words'][1]}")
        rate = fields["words"][fields["words"].index("msgs/sec") - 1]
        resident = number(fields, "rss_mib")
        for parts in 1, 8:  # a stream has no partitions: it stands beside both
            figure = mode, int(fields["size"]), parts
            if column in FIGURES[*figure, "rate"].goals:
                sitting.results.add((*figure, "rate"), column, rate)
                sitting.results.add((*figure, "cpu"), column, number(fields, "server_cpu_s_per_M"))
    if sync == "default" and "memory" in sitting.rows and resident is not None:
        sitting.results.add("memory", column, resident)
