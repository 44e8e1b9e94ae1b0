#!/usr/bin/env python3
"""Compares the clocks and gaps of reports with the truth of simulated incidents.

    benches/clocks_and_gaps.py SUITE PATH/TO/causeline [CASE ...]

SUITE holds `cases/NAME.zip` and `truth/NAME.json` with `scene.clock_offset_minutes` (by host, to a tenth of a minute)
and `scene.gaps` (host, from, to). Only differences of clocks can be seen, so what the clock of reference is off by,
the median over hosts, is taken off first. A gap is found if one of the report overlaps it.
"""

import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import zipfile


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def report_of(binary, archive):
    with tempfile.TemporaryDirectory() as folder:
        logs, output = pathlib.Path(folder, archive.stem), pathlib.Path(folder, "out")
        zipfile.ZipFile(archive).extractall(logs)
        subprocess.run([binary, "analyze", logs, "-o", output, "--format", "json", "-q"], check=True)
        return json.loads((output / "report.json").read_text(encoding="utf-8"))


def clock_errors(report, scene):
    """Seconds by which each estimated offset misses the truth."""
    truth = {host.lower(): 60 * minutes for host, minutes in scene["clock_offset_minutes"].items()}
    misses = [
        clock["offset_seconds"]["value"] - truth[clock["host.name"].lower()]
        for clock in report["clocks"]
        if clock["source"] is None and clock["offset_seconds"] and (clock["host.name"] or "").lower() in truth
    ]
    reference = statistics.median(misses) if misses else 0.0
    return [miss - reference for miss in misses]


def gaps_of(report):
    for row in report["coverage"]:
        for gap in row["gaps"]:
            yield row["host.name"].lower(), instant(gap["start"]), instant(gap["end"])


def overlap(one, other):
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def main():
    suite, binary = pathlib.Path(sys.argv[1]), sys.argv[2]
    names = sys.argv[3:] or sorted(path.stem for path in (suite / "truth").glob("*.json"))
    errors, n_hosts, n_true, n_found, n_invented = [], 0, 0, 0, 0
    for name in names:
        scene = json.loads((suite / "truth" / f"{name}.json").read_text(encoding="utf-8"))["scene"]
        report = report_of(binary, suite / "cases" / f"{name}.zip")
        own = clock_errors(report, scene)
        true = [(host.lower(), instant(start), instant(end)) for host, start, end in scene["gaps"]]
        said = list(gaps_of(report))
        found = sum(any(overlap(gap, one) for one in said) for gap in true)
        invented = sum(not any(overlap(gap, one) for gap in true) for one in said)
        print(f"{name}: clocks {len(own)} of {len(scene['clock_offset_minutes'])},",
              f"errors in seconds {[round(error, 1) for error in own]}; gaps {found} of {len(true)}, {invented} invented")
        errors += own
        n_hosts += len(scene["clock_offset_minutes"])
        n_true, n_found, n_invented = n_true + len(true), n_found + found, n_invented + invented
    sizes = sorted(abs(error) for error in errors)
    if sizes:
        print(f"clocks: {len(sizes)} of {n_hosts} hosts, error {statistics.median(sizes):.1f} s in the median, {sizes[-1]:.1f} s at most")
    print(f"gaps: {n_found} of {n_true} found, {n_invented} rows invented")


if __name__ == "__main__":
    sys.exit(main())
