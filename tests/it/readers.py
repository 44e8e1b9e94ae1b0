"""Reads what `causeline analyze` wrote with the readers that people use, and complains of what these would not take."""

import csv, json, pathlib, sys
import duckdb, pandas, junitparser
from sarif import loader
from timesketch_import_client import importer

folder = pathlib.Path(sys.argv[1])
report = json.loads((folder / "report.json").read_text())
tables = folder / "tables"
names = sorted(path.stem for path in tables.glob("*.parquet"))
assert {"attempts", "cells", "changes", "events", "sessions"} <= set(names), names

# Parquet, CSV and the spreadsheets' CSV hold the same rows.
for name in names:
    parquet = duckdb.sql(f"from '{tables}/{name}.parquet'").df()
    plain = pandas.read_csv(tables / f"{name}.csv", low_memory=False)
    excel = pandas.read_csv(tables / f"{name}.excel.csv", low_memory=False, encoding="utf-8-sig")
    assert len(parquet) == len(plain) == len(excel), name
    assert list(parquet.columns) == list(plain.columns), name
    times = [column for column in parquet if str(parquet[column].dtype).startswith("datetime")]
    assert len(excel.columns) == len(plain.columns) + len(times), name
    raw = (tables / f"{name}.excel.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\n") == raw.count(b"\r\n"), name
    for row in list(csv.reader(raw.decode("utf-8-sig").splitlines()))[1:]:
        for cell in row:
            is_number = cell.lstrip("-").replace(".", "", 1).replace("e-", "", 1).isdigit()
            assert is_number or not cell.startswith(tuple("=+-@")), (name, cell)
attempts = duckdb.sql(f"select count(*) n, sum((\"event.outcome\" in ('failed', 'silent'))::int) k from '{tables}/attempts.parquet'")
cells = duckdb.sql(f"select sum(n_attempts) n, sum(n_failures) k from '{tables}/cells.parquet' where \"rule.id\" is null")
seen = duckdb.sql(f"select count(*) n from '{tables}/attempts.parquet' where \"event.outcome\" != 'unseen'")
assert cells.fetchall()[0][0] == seen.fetchall()[0][0] and attempts.fetchall()[0][0] > 0


# Timesketch's importer, with the place where it would send cut off.
class Streamer(importer.ImportStreamer):
    def __init__(self):
        super().__init__()
        self._sketch = object()
        self.frames, self.lines = [], []

    def _upload_data_frame(self, data_frame, end_stream, retry_count=0):
        self.frames.append(data_frame)

    def _upload_data_buffer(self, end_stream, data_lines=None, retry_count=0):
        self.lines.extend(data_lines or self._data_lines)


from_csv, from_lines = Streamer(), Streamer()
from_csv.add_file(str(tables / "timesketch.csv"))
from_lines.add_file(str(tables / "timesketch.jsonl"))
from_lines.flush(end_stream=True)
rows, lines = pandas.concat(from_csv.frames), from_lines.lines
events = duckdb.sql(f"select count(*) from '{tables}/events.parquet'").fetchall()[0][0]
n_found = sum(3 - (one["ended_at"] is None) for one in report["incidents"]) + sum(len(one["hosts"]) for one in report["changes"])
assert len(rows) == len(lines) == events + n_found, (len(rows), len(lines), events, n_found)
for column in ("message", "datetime", "timestamp", "timestamp_desc", "data_type"):
    assert rows[column].notna().all(), column
    assert all(line[column] != "" for line in lines), column
assert not rows["datetime"].str.startswith("1970").any()
# The instant is the same in both columns, to the microsecond.
stamps = pandas.to_datetime(rows["datetime"], utc=True, format="mixed")
assert ((stamps - pandas.Timestamp("1970-01-01", tz="UTC")) // pandas.Timedelta("1us") == rows["timestamp"]).all()
assert (rows["data_type"] == "windows:evtx:record").any() and (rows["data_type"] == "causeline:incident").any()

# JUnit.
suites = junitparser.JUnitXml.fromfile(str(folder / "junit.xml"))
by_name = {suite.name: list(suite) for suite in suites}
judged = [one for one in report["changes"] if one["verdicts"]]
assert len(by_name["changes"]) == len(judged) and len(by_name["incidents"]) == max(1, len(report["incidents"]))
order = ["root-cause", "contributing", "remedy", "unproven", "acquitted"]
for case, change in zip(by_name["changes"], judged):
    verdict = min((one["verdict"] for one in change["verdicts"]), key=order.index)
    assert case.name.startswith(change["id"] + " "), case.name
    assert case.is_failure == (verdict in order[:2]) and case.is_skipped == (verdict == "unproven"), (case.name, verdict)
assert suites.failures == sum(case.is_failure for cases in by_name.values() for case in cases)

# SARIF.
sarif = loader.load_sarif_file(str(folder / "report.sarif"))
guilty = sum(verdict["verdict"] in order[:2] for change in report["changes"] for verdict in change["verdicts"])
assert sarif.get_result_count() == len(report["incidents"]) + guilty
assert sarif.get_distinct_tool_names() == ["causeline"]
for record in sarif.get_records():
    assert record["Location"] and record["Severity"] in ("error", "warning"), record

# Grafana.
notes = json.loads((folder / "annotations.json").read_text())
assert len(notes) == len(report["incidents"]) + len(report["changes"])
starts = {pandas.Timestamp(one["started_at"]).value // 10**6 for one in report["incidents"]}
assert starts == {note["time"] for note in notes if "incident" in note["tags"]}

print(f"{len(names)} tables, {len(rows)} rows for Timesketch, {len(judged)} changes judged")
