# SPDX-License-Identifier: Apache-2.0
"""File systems made for a test; root only."""

import contextlib
import os
import subprocess
import sys
import tempfile

SKIPPED = 77


def need_root():
    if os.geteuid() != 0:
        skip("needs root, to mount a file system of its own")


def skip(why):
    print(f"SKIPPED: {why}\n0 passed, 0 failed")
    sys.exit(SKIPPED)


@contextlib.contextmanager
def mounted(*arguments):
    """mount(8) with these arguments; gives the directory, unmounted at the end whatever happened."""
    with tempfile.TemporaryDirectory(prefix="mq-mounted-") as folder:
        done = subprocess.run(["mount", *arguments, folder], capture_output=True, text=True)
        if done.returncode != 0:
            skip(f"mount {' '.join(arguments)}: {done.stderr.strip()}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)


def make_image(path, mebibytes):
    """An ext4 file system in a sparse file."""
    with open(path, "wb") as file:
        file.truncate(mebibytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", path], check=True)
