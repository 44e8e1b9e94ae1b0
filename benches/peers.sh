#!/usr/bin/env bash
# Measures the reading of logs against public tools, on the same files in one run, and prints the tables
# that the README quotes.
#
#     benches/peers.sh events FILE.evtx...
#     benches/peers.sh text FILE...
#
# Peers of event logs: `evtx_dump` of the crate `evtx`, the fastest reader that is public. Peers of text logs:
# DuckDB with one regular expression, ripgrep and grep with the same one, angle-grinder with one count, and
# lnav with its index of all lines. What of them is missing is left out and named: evtx_dump and angle-grinder are
# installed from their registry, DuckDB is Python's package `duckdb`, ripgrep (`rg`) and lnav are of the system.
#
# Each command runs RUNS times (default 5) in turn with the others; what is printed is the median of processor
# seconds (user and system) of the whole process, and its ratio to the first one paired run by run. Needs bash and
# Python 3.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly EVTX_VERSION=0.15.1
readonly AG_VERSION=0.19.5
readonly RUNS="${RUNS:-5}"
target="${CARGO_TARGET_DIR:-target}"
peers="$target/peers"

if [ $# -lt 2 ] || { [ "$1" != events ] && [ "$1" != text ]; }; then
    sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
install_peer() { # crate version binary
    if ! "$peers/bin/$3" --version 2>/dev/null | grep -q "$2"; then
        cargo install "$1" --version "$2" --locked --root "$peers" --target-dir "$target/peers-build" >&2
    fi
}
if [ "$1" = events ]; then install_peer evtx "$EVTX_VERSION" evtx_dump; else install_peer ag "$AG_VERSION" agrind; fi
cargo bench --locked --bench throughput --no-run 2>/dev/null
throughput="$(find "$target/release/deps" -maxdepth 1 -name 'throughput-*' -type f -perm -u+x -printf '%T@ %p\n' |
    sort -n | tail -1 | cut -d' ' -f2)"

exec python3 - "$throughput" "$peers/bin" "$RUNS" "$@" <<'PYTHON'
import importlib.util, json, os, resource, shutil, statistics, subprocess, sys, time

throughput, peers, runs, kind, files = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:]
# Words of failures that every tool is asked for.
WORDS = "(ERROR|Error|FATAL|[Ff]ail|refused|timed out)"
DUCKDB = f"""
import duckdb, sys
con = duckdb.connect()
con.execute("set threads=1")
for path in sys.argv[1:]:
    con.execute("select regexp_extract(line, '{WORDS}', 1) as word, count(*) from read_csv(?, columns={{'line': 'varchar'}}, "
                "delim='\\x07', quote='', escape='', header=false, ignore_errors=true, strict_mode=false) group by 1", [path]).fetchall()
"""


def measure(commands):
    """Processor seconds and wall seconds of commands that run one after the other, and what the last one prints."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    last = b""
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        if done.returncode not in (0, 1):  # grep says 1 where nothing is found
            sys.exit(f"{command[0]} ended with {done.returncode}")
        last = done.stdout
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - began, last


def stage(name, threads=1):
    return [[throughput, name, *files, "--threads", str(threads)]]


def dump(fmt):
    options = ["-t", "1", "-o", fmt, "-f", "/dev/null", "--no-confirm-overwrite"]
    return [[os.path.join(peers, "evtx_dump"), *options, file] for file in files]


missing = []
if kind == "events":
    cases = {
        "evtx_dump -t 1 -o jsonl": dump("jsonl"),
        "evtx_dump -t 1 -o xml": dump("xml"),
        "causeline, `System` alone": stage("evtx-system"),
        "causeline, the wanted list": stage("evtx-selective"),
        "causeline, every field": stage("evtx-full"),
        "causeline, every field, 2 threads": stage("evtx-full", 2),
    }
else:
    if importlib.util.find_spec("duckdb") is None:
        sys.exit("the yardstick is missing: Python's package duckdb")
    cases = {"DuckDB, one regular expression, 1 thread": [[sys.executable, "-c", DUCKDB, *files]]}
    if shutil.which("rg"):
        cases["ripgrep, counts lines of failures"] = [["rg", "-j", "1", "-c", WORDS, *files]]
    else:
        missing.append("rg")
    cases["grep, counts lines of failures"] = [["grep", "-cE", WORDS, *files]]
    cases["angle-grinder, counts lines by their first word"] = [
        [os.path.join(peers, "agrind"), "-f", file, '* | parse "* *" as first, rest | count by first'] for file in files
    ]
    if shutil.which("lnav"):
        cases["lnav, index of all lines"] = [
            ["lnav", "-n", "-N", "-c", ";select count(*) from all_logs", file] for file in files
        ]
    else:
        missing.append("lnav")
    cases |= {
        "causeline, columns": stage("text-columns"),
        "causeline, and classes of failures": stage("text-classes"),
        "causeline, and templates": stage("text-templates"),
        "causeline, columns, 2 threads": stage("text-columns", 2),
    }

yardstick = next(iter(cases))
results = {name: [] for name in cases}
n_bytes = n_records = 0
peak = {}
for run in range(runs + 1):
    for name, commands in cases.items():
        cpu, wall, out = measure(commands)
        if name.startswith("causeline"):
            last = json.loads(out.decode().strip().splitlines()[-1])
            n_bytes, n_records = last["bytes"], last["records"]
            peak[name] = max(peak.get(name, 0), last["peak_rss_bytes"])
        if run > 0:  # the first only warms the page cache
            results[name].append((cpu, wall))

print(f"{n_bytes:,} bytes, {n_records:,} records, medians of {runs} runs\n")
for name in missing:
    print(f"left out: {name} is not installed\n")
print("| reader | CPU s | MB/s of CPU | ratio of CPU | ratio of wall | peak MiB |")
print("| --- | --: | --: | --: | --: | --: |")
for name, pairs in results.items():
    cpu = statistics.median(cpu for cpu, _ in pairs)
    ratio = statistics.median(a / b for (a, _), (b, _) in zip(pairs, results[yardstick]))
    wall = statistics.median(a / b for (_, a), (_, b) in zip(pairs, results[yardstick]))
    memory = f"{peak[name] / 2**20:.0f}" if name in peak else "–"
    print(f"| {name} | {cpu:.2f} | {n_bytes / cpu / 1e6:,.0f} | {ratio:.2f} | {wall:.2f} | {memory} |")
PYTHON
