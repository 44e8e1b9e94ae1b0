#!/usr/bin/env bash
# Measures the reading of event logs against public tools, on the same files in one run, and prints the
# table that the README quotes.
#
#     benches/peers.sh FILE.evtx...
#
# The peer is `evtx_dump` of the crate `evtx`, installed from its registry: the fastest reader that is
# public. Each command runs RUNS times (default 5) in turn with the others; what is printed is the median
# of processor seconds (user and system) of the whole process, and its ratio to `evtx_dump -t 1 -o jsonl`
# paired run by run. Needs bash, GNU time and Python 3.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly EVTX_VERSION=0.15.1
readonly RUNS="${RUNS:-5}"
target="${CARGO_TARGET_DIR:-target}"
peers="$target/peers"

if [ $# -eq 0 ]; then
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
if ! "$peers/bin/evtx_dump" --version 2>/dev/null | grep -q "$EVTX_VERSION"; then
    cargo install evtx --version "$EVTX_VERSION" --locked --root "$peers" --target-dir "$target/peers-build" >&2
fi
cargo bench --locked --bench throughput --no-run 2>/dev/null
throughput="$(find "$target/release/deps" -maxdepth 1 -name 'throughput-*' -type f -perm -u+x -printf '%T@ %p\n' |
    sort -n | tail -1 | cut -d' ' -f2)"

exec python3 - "$throughput" "$peers/bin/evtx_dump" "$RUNS" "$@" <<'PYTHON'
import json, resource, statistics, subprocess, sys

throughput, evtx_dump, runs, files = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]


def cpu_and_wall(commands):
    """Processor seconds and wall seconds of commands that run one after the other."""
    import time
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    last = ""
    for command in commands:
        last = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - began, last


def dump(fmt, threads):
    options = ["-t", str(threads), "-o", fmt, "-f", "/dev/null", "--no-confirm-overwrite"]
    return [[evtx_dump, *options, file] for file in files]


def stage(name, threads=1):
    return [[throughput, name, *files, "--threads", str(threads)]]


cases = {
    "evtx_dump -t 1 -o jsonl": dump("jsonl", 1),
    "evtx_dump -t 1 -o xml": dump("xml", 1),
    "causeline, `System` alone": stage("evtx-system"),
    "causeline, the wanted list": stage("evtx-selective"),
    "causeline, every field": stage("evtx-full"),
    "causeline, every field, 2 threads": stage("evtx-full", 2),
}
yardstick = next(iter(cases))
results = {name: [] for name in cases}
n_bytes = n_records = 0
peak = {}
for run in range(runs + 1):
    for name, commands in cases.items():
        cpu, wall, out = cpu_and_wall(commands)
        if name.startswith("causeline"):
            last = json.loads(out.decode().strip().splitlines()[-1])
            n_bytes, n_records = last["bytes"], last["records"]
            peak[name] = max(peak.get(name, 0), last["peak_rss_bytes"])
        if run > 0:  # the first only warms the page cache
            results[name].append((cpu, wall))

print(f"{n_bytes:,} bytes, {n_records:,} records, medians of {runs} runs\n")
print("| reader | CPU s | MB/s of CPU | ratio of CPU | ratio of wall | peak MiB |")
print("| --- | --: | --: | --: | --: | --: |")
for name, pairs in results.items():
    cpu = statistics.median(cpu for cpu, _ in pairs)
    ratio = statistics.median(a / b for (a, _), (b, _) in zip(pairs, results[yardstick]))
    wall = statistics.median(a / b for (_, a), (_, b) in zip(pairs, results[yardstick]))
    memory = f"{peak[name] / 2**20:.0f}" if name in peak else "–"
    print(f"| {name} | {cpu:.2f} | {n_bytes / cpu / 1e6:,.0f} | {ratio:.2f} | {wall:.2f} | {memory} |")
PYTHON
