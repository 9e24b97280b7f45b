#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP in a cluster: any broker answers for all, and says who does not; probes tell one broker from the others. rest.py MQ"""

import json
import sys
import tempfile
import time
import urllib.error
import urllib.request

from cluster import Cluster

results = []


def check(good, sentence, detail=""):
    results.append((sentence, bool(good)))
    print(f"{'ok  ' if good else 'FAIL'}  {sentence}{'' if good else f': {detail}'}", flush=True)


def ask(broker, path, body=None, kind="application/json"):
    """Status and answer; a JSON answer as what it says."""
    request = urllib.request.Request(f"http://{broker.http}{path}", data=body, headers={"Content-Type": kind} if body else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text, shape = answer.status, answer.read().decode(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        status, text, shape = error.code, error.read().decode(), error.headers["Content-Type"]
    return status, json.loads(text) if "json" in shape else text


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def run(cluster):
    one, two, three = (cluster.brokers[number] for number in (1, 2, 3))
    status, made = ask(one, "/api/v1/topics", json.dumps({"topic": "orders", "partitions": 6}).encode())
    check(status == 201 and made["replication_factor"] == 3, "a topic is created by whichever broker is asked", made)
    for number, broker in cluster.brokers.items():
        for partition in range(6):
            status, receipt = ask(broker, f"/api/v1/topics/orders/records?partition={partition}", f"{number}".encode(), "text/plain")
            if status != 200:
                check(False, "records go to whoever leads", receipt)
    pages = [ask(broker, "/api/v1/topics/orders/records?from=start")[1]["items"] for broker in cluster.brokers.values()]
    keys = [[(item["partition"], item["offset"], item["value"]) for item in page] for page in pages]
    check(len(keys[0]) == 18 and keys[0] == keys[1] == keys[2], "and are read by whichever is asked", [len(k) for k in keys])
    check(all(ask(broker, "/readyz/caught-up")[0] == 200 for broker in cluster.brokers.values()), "all are ready, and have everything")
    check(ask(two, "/healthz")[1] == "HEALTHY\n", "the cluster is healthy")

    three.kill()
    check(until(lambda: ask(one, "/api/v1/health")[1]["warnings"] > 0), "a broker that died makes partitions under-replicated")
    check(ask(one, "/livez")[0] == 200 and ask(one, "/readyz")[0] == 200, "which is no reason to restart the others, or to send nobody there")
    check(ask(one, "/readyz/caught-up")[0] == 503, "but to wait before the next one is restarted")
    status, brokers = ask(one, "/api/v1/brokers")
    check(status == 200 and brokers["total"] == 3 and len(brokers["partial"]) == 1, "lists come, and name who does not answer", brokers)
    check(until(lambda: ask(two, "/api/v1/topics/orders/records", b"x", "text/plain")[0] == 200), "records are written on")
    three.start()
    check(until(lambda: ask(one, "/readyz/caught-up")[0] == 200), "when it is back all is well again")
    cluster.etcd.kill()
    check(until(lambda: ask(one, "/healthz")[0] == 503), "without etcd there is no controller, which health calls critical")
    check(ask(one, "/livez")[0] == 200 and ask(one, "/readyz")[0] == 200, "and probes do not mind")
    check(ask(one, "/api/v1/topics/orders/records", b"y", "text/plain")[0] == 200, "nor do records")
    cluster.etcd.launch()


def main():
    folder = tempfile.mkdtemp(prefix="mq-rest-")
    cluster = Cluster(sys.argv[1], folder).start()
    found = []
    try:
        run(cluster)
    except Exception as error:
        found.append(repr(error))
    found += [sentence for sentence, good in results if not good]
    cluster.conclude(found, f"{len(results)} checks")


if __name__ == "__main__":
    main()
