# SPDX-License-Identifier: Apache-2.0
"""Tests as functions whose names are sentences; each has a deadline, one that fails does not stop the others."""

import os
import signal
import sys
import traceback

ADDRESS = os.environ.get("MQ_BROKERS", "")
DEADLINE_SECONDS = 60

tests = []


def test(function):
    tests.append(function)
    return function


def equal(got, expected, what="value"):
    if got != expected:
        raise AssertionError(f"{what}: expected {brief(expected)}, got {brief(got)}")


def brief(value):
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:400]}… ({len(text)} characters)"


def raises(function, *kinds):
    """The error that `function` ends with; it is a failure when there is none."""
    try:
        result = function()
    except kinds or Exception as error:
        return error
    raise AssertionError(f"expected an error, got {brief(result)}")


def late(*_):
    raise TimeoutError(f"not done after {DEADLINE_SECONDS} s")


def run():
    """Runs every test (or those named on the command line) and ends the process."""
    signal.signal(signal.SIGALRM, late)
    chosen = [t for t in tests if not sys.argv[1:] or any(word in t.__name__ for word in sys.argv[1:])]
    failed = 0
    for one in chosen:
        signal.alarm(DEADLINE_SECONDS)
        try:
            one()
            print(f"ok    {one.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {one.__name__}\n{traceback.format_exc()}", flush=True)
        signal.alarm(0)
    print(f"{len(chosen) - failed} passed, {failed} failed", flush=True)
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # clients' threads are not waited for
