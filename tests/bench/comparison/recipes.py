# SPDX-License-Identifier: Apache-2.0
"""How the peers' scripts are called, and where what they measure is gathered."""
import collections, os, pathlib, signal, subprocess, sys, tempfile, time

from comparison.figures import QUICK, Scale

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECIPES = pathlib.Path(os.environ.get("PEERS_RECIPES", ROOT.parent / "shared" / "peers")).resolve()
PEERS_DIR = pathlib.Path(os.environ.get("PEERS_DIR", os.environ.get("TMPDIR", "/tmp") + "/peers"))
BIN = PEERS_DIR / "bin"


class Failure(Exception):
    """Why a figure is not there, in one sentence."""


class Results:
    def __init__(self):
        self.samples = collections.defaultdict(list)  # (figure, column) -> values
        self.absent = {}  # (column, row) -> why
        self.notes = []
        self.timed = self.disturbed = 0  # runs of the clients; those beside which other processes used much CPU

    def add(self, figure, column, value):
        self.samples[figure, column].append(float(value))

    def note(self, text):
        print(f"  !! {text}", file=sys.stderr, flush=True)
        if text not in self.notes:
            self.notes.append(text)


class Sitting:
    """One run of this program: where results go, how recipes are called, what is to be measured."""

    def __init__(self, options, rows, results):
        self.scale = QUICK if options.quick else Scale()
        self.rows, self.results = rows, results
        self.folder = PEERS_DIR / "results" / time.strftime("compare-%Y%m%d-%H%M%S")
        self.out, self.round = self.folder, 0

    def begin_round(self, number):
        self.out, self.round = self.folder / f"round-{number}", number
        self.out.mkdir(parents=True)

    def recipe(self, name, *arguments, timeout_s=900, **settings):
        """Runs a script of the peers' folder and returns what it printed; its complaints become notes."""
        settings = {key: str(value) for key, value in settings.items()}
        settings = {"OUT": str(self.out)} | settings
        return self.run([str(RECIPES / name), *map(str, arguments)], timeout_s, settings)

    def run(self, command, timeout_s=120, settings={}):
        # A broker started inside keeps stderr open, so that must be a file: a pipe would never end.
        with tempfile.TemporaryFile("w+") as complaints:
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, start_new_session=True,
                                     stdin=subprocess.DEVNULL, env=os.environ | {"PEERS_LOCKED": "1"} | settings)
            try:
                printed, _ = child.communicate(timeout=timeout_s)
            except BaseException as reason:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                if isinstance(reason, subprocess.TimeoutExpired):
                    raise Failure(f"{pathlib.Path(command[0]).name} took more than {timeout_s} s") from None
                raise
            complaints.seek(0)
            said = complaints.read().strip().splitlines()
        for line in said:
            if line.startswith("!!"):
                self.results.note(line.strip("! "))
        if child.returncode:
            last = (said or printed.strip().splitlines() or ["it said nothing"])[-1]
            raise Failure(f"{pathlib.Path(command[0]).name} ended with {child.returncode}: {last[:160]}")
        return printed

    def lines(self, file, label):
        """The key=value lines which a recipe wrote under a label, as dictionaries; words without = are in 'words'."""
        path = self.out / file
        for line in path.read_text().splitlines() if path.exists() else []:
            name, _, rest = line.partition(" ")
            if name == label:
                words = rest.split()
                yield dict(word.split("=", 1) for word in words if "=" in word) | {"words": words}


def number(fields, key):
    try:
        return float(fields[key])
    except (KeyError, ValueError):
        raise Failure(f"no figure {key} in what the recipe wrote") from None
