# SPDX-License-Identifier: Apache-2.0
"""The table: ratios of medians with their worst and best, verdicts, and everything that is absent with its reason."""
import dataclasses, json, os, platform, statistics, time

from comparison.figures import COLUMNS, FIGURES, NO_SUCH_FIGURE, QUICK, ROWS


def short(value):
    for size, suffix in (1e6, "M"), (1e4, "k"):
        if abs(value) >= size:
            return f"{value / (1e6 if suffix == 'M' else 1e3):.3g}{suffix}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def times(ratio):
    if ratio == 0:
        return "0"
    return f"1/{short(1 / ratio)}" if ratio < 0.2 else f"{ratio:.0f}x" if ratio >= 20 else f"{ratio:.2f}x"


def spread(values):
    if not values:
        return "absent"
    return " / ".join(map(short, (min(values), statistics.median(values), max(values))))


class Table:
    def __init__(self, sitting, columns):
        self.results, self.columns, self.missed = sitting.results, columns, []
        self.figures = {key: figure for key, figure in FIGURES.items() if figure.row in sitting.rows}
        self.words = dataclasses.asdict(sitting.scale)

    def title(self, figure):
        return f"{figure.title.format(**{key: f'{value:,}' for key, value in self.words.items() if type(value) is int})} [{figure.unit}]"

    def ratio(self, key, figure, column):
        if column not in figure.goals:
            return "n/a"
        mine, theirs = self.results.samples[key, "mq"], self.results.samples[key, column]
        if not mine or not theirs:
            return "absent" if not theirs else "mq absent"
        if not min(theirs):
            return "the peer's is 0"
        ratio, goal = statistics.median(mine) / statistics.median(theirs), figure.goals[column]
        text = f"{times(ratio)} [{times(min(mine) / max(theirs))} - {times(max(mine) / min(theirs))}]"
        if goal is None:
            return text
        met = ratio >= goal if figure.more_is_better else ratio <= goal
        if not met:
            self.missed.append(f"{self.title(figure)} to {COLUMNS[column]}: {times(ratio)}")
        return f"{text} {'>=' if figure.more_is_better else '<='}{times(goal)} {'ok' if met else 'MISSED'}"

    def own(self, key, figure):
        values = self.results.samples[key, "mq"]
        if figure.most is None or not values:
            return spread(values)
        met = statistics.median(values) <= figure.most
        if not met:
            self.missed.append(f"{self.title(figure)}: {short(statistics.median(values))}, at most {short(figure.most)}")
        return f"{spread(values)} <={short(figure.most)} {'ok' if met else 'MISSED'}"

    def print(self):
        head = ["figure", "mq: min / median / max"] + [COLUMNS[column] for column in self.columns]
        rows = [[self.title(figure), self.own(key, figure), *(self.ratio(key, figure, column) for column in self.columns)]
                for key, figure in self.figures.items()]
        print("Ratios mq : peer of the medians, [mq's smallest : peer's largest - mq's largest : peer's smallest], goal, verdict")
        print_aligned([head, *rows])
        if self.columns:
            print("\nMeasured: min / median / max")
            print_aligned([head, *([self.title(figure), spread(self.results.samples[key, "mq"]),
                                    *(spread(self.results.samples[key, column]) if column in figure.goals else "n/a"
                                      for column in self.columns)] for key, figure in self.figures.items())])
            print("\n" + NO_SUCH_FIGURE)


def print_aligned(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def report(sitting, columns, missing_peers, rounds_done):
    table, results = Table(sitting, columns), sitting.results
    print(f"\nmq beside its peers, {time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
          f"complete rounds: {rounds_done}")
    if sitting.scale is QUICK:
        print("QUICK: counts too small to say anything about speed; this shows only that everything can be measured")
    table.print()
    for peer, why in missing_peers.items():
        print(f"absent: {peer}: {why}")
    for (column, row), why in results.absent.items():
        print(f"absent: {COLUMNS.get(column, column)}: {row}: {why}")
    unasked = [row for row in ROWS if row not in sitting.rows]
    if unasked:
        print("not asked for: " + ", ".join(unasked))
    if results.disturbed:
        print(f"note: other processes used more than a fifth of a core beside {results.disturbed} of {results.timed} timed client runs")
    for note in results.notes:
        print(f"note: {note}")
    for line in table.missed:
        print(f"MISSED: {line}")
    samples = [{"figure": table.title(FIGURES[key]), "of": column, "values": values}
               for (key, column), values in results.samples.items() if values]
    (sitting.folder / "samples.json").write_text(json.dumps(samples, indent=1))
    print(f"samples, and all that the recipes wrote: {sitting.folder}")
    return 1 if table.missed or results.absent or not rounds_done else 0
