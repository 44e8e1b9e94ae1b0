//! The tables as typed columns: one schema a table, in public field names.
//!
//! Times are microseconds in UTC, since no reader of Parquet or CSV keeps ticks of 100 ns; ids of records stand
//! as `path#place`. Unknown is null, never zero and never an empty text.

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, PolarsResult, Series, TimeUnit};

use super::{Change, Gap, HostChange, HostHour, Mark, Phase, Tables, witness};
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Event, Position, Provenance, SourceId, TimeRange, Timestamp, field};

/// Ticks of 100 ns in a microsecond.
const TICKS_PER_MICROSECOND: i64 = 10;

/// What a table is made from.
pub(super) struct Material<'a> {
    pub(super) tables: &'a Tables,
    pub(super) events: &'a [Event],
    pub(super) paths: &'a BTreeMap<SourceId, String>,
}

/// One table that can be written.
pub(super) struct Schema {
    /// The file's name without extension.
    pub(super) name: &'static str,
    /// Each column and its meaning, in order.
    #[cfg_attr(not(test), expect(dead_code, reason = "documents the columns; the tests hold it to them"))]
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// Makes the columns.
    pub(super) frame: fn(&Material<'_>) -> PolarsResult<DataFrame>,
}

/// All tables that can be written: adding one is one line here and one function below.
pub(super) const SCHEMAS: &[Schema] = &[
    Schema {
        name: "attempts",
        columns: &[
            ("attempt", "number of the attempt, from 0 by time"),
            (field::TIMESTAMP, "when it began"),
            (field::HOST_NAME, "the session host that was tried"),
            (field::USER_NAME, "the account"),
            (field::SOURCE_IP, "the client's address"),
            (field::OUTCOME, "succeeded, failed, silent, or unseen where no log covers its end"),
            (field::RULE_ID, "the failure's signature"),
            ("fault", "user, policy, infrastructure or unclear"),
            (field::ERROR_CODE, "the failure's code as its record has it"),
            (field::SERVICE_NAME, "the component that the failure names"),
            (field::SERVICE_VERSION, "its version"),
            ("demand", "number of the wish to connect that it belongs to"),
            ("is_retry", "whether it repeats an earlier try of the demand"),
            ("seconds_to_desktop", "from the first trace to the desktop"),
            ("seconds_connect", "from the first knock to the acceptance of name and password"),
            ("seconds_authenticate", "from the acceptance to the choice of a session"),
            ("seconds_profile", "the load of the profile"),
            ("seconds_policy", "the application of the user's policy"),
            ("seconds_shell", "from the session to the desktop"),
            ("certainty", "by-id, by-time or single"),
            ("records", "the records it is made of, the telling one first, separated by blanks"),
        ],
        frame: attempts,
    },
    Schema {
        name: "logons",
        columns: &[
            (field::HOST_NAME, "the host"),
            ("phase", "connect, authenticate, profile, policy or shell"),
            ("week", "the week's Monday; null for all weeks together"),
            ("n_logons", "logons that show the phase"),
            ("seconds_median", "the median"),
            ("seconds_p90", "the 0.9 quantile, interpolated (type 7)"),
            ("seconds_p99", "the 0.99 quantile, interpolated (type 7)"),
        ],
        frame: logons,
    },
    Schema {
        name: "aside",
        columns: &[
            (field::HOST_NAME, "the host"),
            ("kind", "scanner, probe, stranger or other: connections that are no person's attempt"),
            ("n_connections", "how many"),
            ("n_addresses", "from how many addresses, as far as they are known"),
            ("first_at", "the first"),
            ("last_at", "the last"),
        ],
        frame: aside,
    },
    Schema {
        name: "sessions",
        columns: &[
            (field::HOST_NAME, "the host"),
            (field::USER_NAME, "the account"),
            ("session_id", "the Windows session number"),
            ("started_at", "its begin; null if before the log"),
            ("ended_at", "its end; null if not within the log"),
            ("end_kind", "logoff, reboot, edge-of-log or replaced"),
            ("close", "complete, incomplete or not-observable"),
            ("marks", "witnesses of an incomplete close, separated by blanks"),
            ("certainty", "strong if one of the marks proves it by itself, else weak"),
            ("later_marks", "witnesses that only the user's later steps are; they leave the close as it is"),
            ("n_disconnects", "disconnects and reconnects"),
            ("left_at", "since when its user was away from it for good; null if its user came back or logged off"),
            ("next_attempt", "number of the user's next attempt on any host, unless another session ended before"),
            ("next_outcome", "how that ended"),
            ("next_signature", "the signature of its failure"),
            ("next_after_s", "seconds from the session's end to it"),
            ("next_is_soon", "whether it came within 30 hours"),
            ("records", "the records of begin and end, separated by blanks"),
        ],
        frame: sessions,
    },
    Schema {
        name: "chains",
        columns: &[
            (field::HOST_NAME, "the host of the sessions that closed"),
            ("close", "complete or incomplete"),
            ("n_closes", "closes"),
            ("n_followed", "those whose user tried again within 30 hours and was not refused by an own fault"),
            ("n_failed", "of these tries, those that failed"),
            ("share", "n_failed in n_followed; null if none followed"),
            ("lower", "lower bound of its exact 95 % interval"),
            ("upper", "upper bound of it"),
        ],
        frame: chains,
    },
    Schema {
        name: "changes",
        columns: &[
            ("change", "id of the change"),
            (field::SERVICE_NAME, "the component"),
            (field::SERVICE_VERSION, "the version"),
            ("kind", "install, update, remove, rollback, redeploy, configuration or restart"),
            (field::HOST_NAME, "one host that got it: one row a host"),
            (field::TIMESTAMP, "when this host got it"),
            ("in_force_at", "when it came into force there"),
            ("trust", "stated, derived or guessed"),
            ("hosts_known", "whether the list of hosts is known"),
            ("only_stated", "whether only a list says so"),
            ("is_routine", "whether it recurs as a routine"),
            ("records", "where it is stated, separated by blanks"),
            ("observed_records", "those of the hosts' own logs; the others stand in lists"),
        ],
        frame: changes,
    },
    Schema {
        name: "versions",
        columns: &[
            (field::SERVICE_NAME, "the component"),
            (field::HOST_NAME, "the host"),
            (field::SERVICE_VERSION, "its version there; null where no log shows one"),
            ("from", "since when it was in force; null from before the log"),
            ("to", "first instant after it; null to the end"),
        ],
        frame: versions,
    },
    Schema {
        name: "load",
        columns: &[
            (field::HOST_NAME, "the host; null for all together"),
            (field::TIMESTAMP, "begin of the hour"),
            ("n_users", "distinct users who wanted in"),
            ("n_attempts", "tries"),
            ("n_failures", "tries that failed by no fault of the user"),
            ("sessions_open", "most sessions open at once"),
            ("sessions_counted", "sessions by the host's counters, mean of the hour"),
            ("n_hosts", "hosts whose logs cover the hour"),
            ("n_demands", "wishes to connect that began in it"),
            ("sessions_mean", "sessions open in the mean of the hour, by begins and ends"),
            ("is_settled", "false where sessions of before the log or a gap may be open and unknown"),
            ("processor_percent", "processor time, mean of the hour"),
            ("requests_open", "connections or requests open at servers, highest reading"),
        ],
        frame: load,
    },
    Schema {
        name: "coverage",
        columns: &[
            (field::HOST_NAME, "the host"),
            ("source", "channel or dataset"),
            ("part", "span, or gap within it: one row a part"),
            ("start", "begin of the part"),
            ("end", "first instant after it"),
            ("reason", "for a span how it begins, for a gap its kind"),
            ("n_missing", "records that are left out in a gap, by their numbers; null where these are not known"),
        ],
        frame: coverage,
    },
    Schema {
        name: "clocks",
        columns: &[
            (field::HOST_NAME, "the host, or the one that writes the text log"),
            (field::DATASET, "the kind of a text log; null for the host's own clock"),
            ("against", "the clock that it is compared with"),
            ("start", "first pair of records; for a step when the clock was set"),
            ("end", "last pair of records; null for a step"),
            ("part", "offset, or step: one row a part"),
            ("seconds", "how far it is ahead, or was put forward"),
            ("lower", "lower bound of the 95 % interval"),
            ("upper", "upper bound of it"),
            ("latency_seconds", "how much the delay between the records scatters"),
            ("n_pairs", "pairs of records that agree"),
            ("trust", "stated or derived"),
            ("records", "the records that show a step, separated by blanks"),
        ],
        frame: clocks,
    },
    Schema {
        name: "events",
        columns: &[
            (field::TIMESTAMP, "when it happened"),
            (field::HOST_NAME, "the host"),
            (field::DATASET, "the kind of log"),
            (field::PROVIDER, "the source of a Windows event, or the logger"),
            (field::CODE, "the event id, or the status of a request"),
            (field::CHANNEL, "the channel of a Windows event"),
            (field::SEVERITY, "severity on OpenTelemetry's scale"),
            (field::ACTION, "what it means"),
            (field::USER_NAME, "the account"),
            ("session_id", "the Windows session number"),
            (field::ACTIVITY_ID, "the id that joins the records of one connection"),
            (field::SOURCE_IP, "the client's address"),
            (field::RULE_ID, "the signature of a failure or symptom"),
            (field::ERROR_CODE, "the code"),
            (field::MESSAGE, "the text"),
            ("record", "where it stands"),
        ],
        frame: events,
    },
];

fn texts<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn owned(name: &str, values: impl Iterator<Item = Option<String>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn numbers(name: &str, values: impl Iterator<Item = Option<u32>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn counts(name: &str, values: impl Iterator<Item = Option<u64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn floats(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn flags(name: &str, values: impl Iterator<Item = bool>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn times(name: &str, values: impl Iterator<Item = Option<Timestamp>>) -> PolarsResult<Column> {
    let micros = values.map(|at| at.map(|at| at.0.div_euclid(TICKS_PER_MICROSECOND)));
    let series = Series::new(name.into(), micros.collect::<Vec<Option<i64>>>());
    Ok(series.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?.into_column())
}

/// The public name of a value: its variant in kebab-case, as serde writes it.
fn word(value: impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for (index, letter) in format!("{value:?}").char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn place(record: &Provenance, paths: &BTreeMap<SourceId, String>) -> String {
    let path = paths.get(&record.source).map_or("?", String::as_str);
    match record.position {
        Position::Record(number) => format!("{path}#{number}"),
        Position::Line(line) => format!("{path}#L{line}"),
        Position::Offset(offset) => format!("{path}#@{offset}"),
    }
}

fn places(records: &[Provenance], paths: &BTreeMap<SourceId, String>) -> Option<String> {
    let all: Vec<String> = records.iter().map(|record| place(record, paths)).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn attempts(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.attempts;
    let phase = |name: &str, phase: Phase| floats(name, rows.iter().map(|row| row.phases.seconds(phase)));
    DataFrame::new(
        rows.len(),
        vec![
            numbers("attempt", rows.iter().map(|row| Some(row.id))),
            times(field::TIMESTAMP, rows.iter().map(|row| Some(row.at)))?,
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            texts(field::USER_NAME, rows.iter().map(|row| Some(&*row.user))),
            texts(field::SOURCE_IP, rows.iter().map(|row| row.client.as_deref())),
            owned(field::OUTCOME, rows.iter().map(|row| Some(word(row.outcome)))),
            texts(field::RULE_ID, rows.iter().map(|row| row.signature.as_deref())),
            owned("fault", rows.iter().map(|row| row.fault.map(word))),
            texts(field::ERROR_CODE, rows.iter().map(|row| row.error_code.as_deref())),
            texts(field::SERVICE_NAME, rows.iter().map(|row| row.component_version.as_ref().map(|named| &*named.0))),
            texts(field::SERVICE_VERSION, rows.iter().map(|row| row.component_version.as_ref().map(|named| &*named.1))),
            numbers("demand", rows.iter().map(|row| Some(row.demand))),
            flags("is_retry", rows.iter().map(|row| row.is_retry)),
            floats("seconds_to_desktop", rows.iter().map(|row| row.seconds_to_desktop)),
            phase("seconds_connect", Phase::Connect),
            phase("seconds_authenticate", Phase::Authenticate),
            phase("seconds_profile", Phase::Profile),
            phase("seconds_policy", Phase::Policy),
            phase("seconds_shell", Phase::Shell),
            owned("certainty", rows.iter().map(|row| Some(word(row.certainty)))),
            owned("records", rows.iter().map(|row| places(&row.records, material.paths))),
        ],
    )
}

fn logons(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.logons;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            owned("phase", rows.iter().map(|row| Some(word(row.phase)))),
            times("week", rows.iter().map(|row| row.week))?,
            numbers("n_logons", rows.iter().map(|row| u32::try_from(row.n).ok())),
            floats("seconds_median", rows.iter().map(|row| Some(row.median))),
            floats("seconds_p90", rows.iter().map(|row| Some(row.p90))),
            floats("seconds_p99", rows.iter().map(|row| Some(row.p99))),
        ],
    )
}

fn aside(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.aside;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            owned("kind", rows.iter().map(|row| Some(word(row.kind)))),
            numbers("n_connections", rows.iter().map(|row| u32::try_from(row.n).ok())),
            numbers("n_addresses", rows.iter().map(|row| u32::try_from(row.n_addresses).ok())),
            times("first_at", rows.iter().map(|row| Some(row.first_at)))?,
            times("last_at", rows.iter().map(|row| Some(row.last_at)))?,
        ],
    )
}

fn sessions(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.sessions;
    let names = |marks: &[Mark]| {
        let names: Vec<&str> = marks.iter().map(|mark| mark.witness).collect();
        (!names.is_empty()).then(|| names.join(" "))
    };
    let next = || rows.iter().map(|row| row.next);
    let tried = || next().map(|next| material.tables.attempts.get(next?.attempt as usize));
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            texts(field::USER_NAME, rows.iter().map(|row| Some(&*row.user))),
            numbers("session_id", rows.iter().map(|row| row.session_id)),
            times("started_at", rows.iter().map(|row| row.started_at))?,
            times("ended_at", rows.iter().map(|row| row.ended_at))?,
            owned("end_kind", rows.iter().map(|row| Some(word(row.end_kind)))),
            owned("close", rows.iter().map(|row| Some(word(row.close)))),
            owned("marks", rows.iter().map(|row| names(&row.marks))),
            owned("certainty", rows.iter().map(|row| witness::strength(&row.marks).map(word))),
            owned("later_marks", rows.iter().map(|row| names(&row.later))),
            numbers("n_disconnects", rows.iter().map(|row| Some(row.disconnects.len() as u32))),
            times("left_at", rows.iter().map(|row| row.left_at))?,
            numbers("next_attempt", next().map(|next| Some(next?.attempt))),
            owned("next_outcome", tried().map(|tried| Some(word(tried?.outcome)))),
            texts("next_signature", tried().map(|tried| tried?.signature.as_deref())),
            floats("next_after_s", next().map(|next| Some(next?.after_s))),
            Series::new("next_is_soon".into(), next().map(|next| Some(next?.is_soon)).collect::<Vec<_>>())
                .into_column(),
            owned("records", rows.iter().map(|row| places(&row.records, material.paths))),
        ],
    )
}

fn chains(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.chains;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            owned("close", rows.iter().map(|row| Some(word(row.close)))),
            numbers("n_closes", rows.iter().map(|row| Some(row.n_closes as u32))),
            numbers("n_followed", rows.iter().map(|row| Some(row.n_followed as u32))),
            numbers("n_failed", rows.iter().map(|row| Some(row.n_failed as u32))),
            floats("share", rows.iter().map(|row| row.share)),
            floats("lower", rows.iter().map(|row| Some(row.lower))),
            floats("upper", rows.iter().map(|row| Some(row.upper))),
        ],
    )
}

fn changes(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let all = &material.tables.changes;
    let rows: Vec<(&Change, &HostChange)> =
        all.iter().flat_map(|change| change.hosts.iter().map(move |host| (change, host))).collect();
    let rows = rows.iter().copied();
    DataFrame::new(
        rows.len(),
        vec![
            texts("change", rows.clone().map(|(change, _)| Some(&*change.id))),
            texts(field::SERVICE_NAME, rows.clone().map(|(change, _)| Some(&*change.component))),
            texts(field::SERVICE_VERSION, rows.clone().map(|(change, _)| change.version.as_deref())),
            owned("kind", rows.clone().map(|(change, _)| Some(word(change.kind)))),
            texts(field::HOST_NAME, rows.clone().map(|(_, host)| Some(&*host.host))),
            times(field::TIMESTAMP, rows.clone().map(|(_, host)| Some(host.at)))?,
            times("in_force_at", rows.clone().map(|(_, host)| Some(host.in_force_at)))?,
            owned("trust", rows.clone().map(|(_, host)| Some(word(host.trust)))),
            flags("hosts_known", rows.clone().map(|(change, _)| change.hosts_known)),
            flags("only_stated", rows.clone().map(|(change, _)| change.only_stated)),
            flags("is_routine", rows.clone().map(|(change, _)| change.is_routine)),
            owned("records", rows.clone().map(|(change, _)| places(&change.stated_by, material.paths))),
            owned("observed_records", rows.map(|(change, _)| places(&change.observed_by, material.paths))),
        ],
    )
}

fn versions(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.versions;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::SERVICE_NAME, rows.iter().map(|row| Some(&*row.component))),
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            texts(field::SERVICE_VERSION, rows.iter().map(|row| row.version.as_deref())),
            times("from", rows.iter().map(|row| row.from))?,
            times("to", rows.iter().map(|row| row.to))?,
        ],
    )
}

fn load(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let own = material.tables.load.iter().map(|((host, hour), row)| (Some(&**host), *hour, row));
    let rows: Vec<(Option<&str>, i64, &HostHour)> =
        own.chain(material.tables.fleet_load.iter().map(|(hour, row)| (None, *hour, row))).collect();
    let hour = |hour: i64| Timestamp(hour.saturating_mul(TICKS_PER_HOUR));
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| row.0)),
            times(field::TIMESTAMP, rows.iter().map(|row| Some(hour(row.1))))?,
            numbers("n_users", rows.iter().map(|row| Some(row.2.n_users))),
            numbers("n_attempts", rows.iter().map(|row| Some(row.2.n_attempts))),
            numbers("n_failures", rows.iter().map(|row| Some(row.2.n_failures))),
            floats("sessions_open", rows.iter().map(|row| Some(row.2.sessions_open))),
            floats("sessions_counted", rows.iter().map(|row| row.2.sessions_counted)),
            numbers("n_hosts", rows.iter().map(|row| Some(row.2.n_hosts))),
            numbers("n_demands", rows.iter().map(|row| Some(row.2.n_demands))),
            floats("sessions_mean", rows.iter().map(|row| Some(row.2.sessions_mean))),
            flags("is_settled", rows.iter().map(|row| row.2.is_settled)),
            floats("processor_percent", rows.iter().map(|row| row.2.processor_percent)),
            floats("requests_open", rows.iter().map(|row| row.2.requests_open)),
        ],
    )
}

fn coverage(material: &Material<'_>) -> PolarsResult<DataFrame> {
    type Part<'t> = (&'t str, &'t str, &'t str, TimeRange, String, Option<u64>);
    let mut rows: Vec<Part<'_>> = Vec::new();
    for row in &material.tables.coverage {
        rows.push((&row.host, &row.source, "span", row.span, word(row.begins), None));
        let gap = |gap: &'_ Gap| (&*row.host, &*row.source, "gap", gap.range(), word(gap.kind), gap.n_missing);
        rows.extend(row.gaps.iter().map(gap));
    }
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(row.0))),
            texts("source", rows.iter().map(|row| Some(row.1))),
            texts("part", rows.iter().map(|row| Some(row.2))),
            times("start", rows.iter().map(|row| Some(row.3.start)))?,
            times("end", rows.iter().map(|row| Some(row.3.end)))?,
            owned("reason", rows.iter().map(|row| Some(row.4.clone()))),
            counts("n_missing", rows.iter().map(|row| row.5)),
        ],
    )
}

fn clocks(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let (offsets, steps) = (&material.tables.clocks, &material.tables.clock_steps);
    let none = || steps.iter().map(|_| None);
    DataFrame::new(
        offsets.len() + steps.len(),
        vec![
            texts(
                field::HOST_NAME,
                offsets.iter().map(|row| row.host.as_deref()).chain(steps.iter().map(|row| row.host.as_deref())),
            ),
            texts(
                field::DATASET,
                offsets.iter().map(|row| row.source.as_deref()).chain(steps.iter().map(|row| row.source.as_deref())),
            ),
            texts("against", offsets.iter().map(|row| Some(&*row.against)).chain(steps.iter().map(|_| None))),
            times("start", offsets.iter().map(|row| Some(row.span.0)).chain(steps.iter().map(|row| Some(row.at))))?,
            times("end", offsets.iter().map(|row| Some(row.span.1)).chain(steps.iter().map(|_| None)))?,
            texts("part", offsets.iter().map(|_| Some("offset")).chain(steps.iter().map(|_| Some("step")))),
            floats(
                "seconds",
                offsets.iter().map(|row| Some(row.offset.0)).chain(steps.iter().map(|row| Some(row.seconds))),
            ),
            floats("lower", offsets.iter().map(|row| Some(row.offset.1)).chain(none())),
            floats("upper", offsets.iter().map(|row| Some(row.offset.2)).chain(none())),
            floats("latency_seconds", offsets.iter().map(|row| Some(row.latency_s)).chain(none())),
            counts("n_pairs", offsets.iter().map(|row| Some(row.n_pairs)).chain(steps.iter().map(|_| None))),
            owned(
                "trust",
                offsets.iter().map(|row| Some(word(row.trust))).chain(steps.iter().map(|row| Some(word(row.trust)))),
            ),
            owned(
                "records",
                offsets.iter().map(|_| None).chain(steps.iter().map(|row| places(&row.records, material.paths))),
            ),
        ],
    )
}

fn events(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows: &[Event] = material.events;
    DataFrame::new(
        rows.len(),
        vec![
            times(field::TIMESTAMP, rows.iter().map(|row| Some(row.at)))?,
            texts(field::HOST_NAME, rows.iter().map(|row| row.host.as_deref())),
            texts(field::DATASET, rows.iter().map(|row| Some(&*row.dataset))),
            texts(field::PROVIDER, rows.iter().map(|row| row.provider.as_deref())),
            numbers(field::CODE, rows.iter().map(|row| row.code)),
            texts(field::CHANNEL, rows.iter().map(|row| row.channel.as_deref())),
            numbers(field::SEVERITY, rows.iter().map(|row| Some(u32::from(row.severity.number())))),
            owned(field::ACTION, rows.iter().map(|row| Some(word(row.action)))),
            texts(field::USER_NAME, rows.iter().map(|row| row.user.as_deref())),
            numbers("session_id", rows.iter().map(|row| row.session_id)),
            texts(field::ACTIVITY_ID, rows.iter().map(|row| row.activity_id.as_deref())),
            texts(field::SOURCE_IP, rows.iter().map(|row| row.client.as_deref())),
            texts(field::RULE_ID, rows.iter().map(|row| row.signature.as_deref())),
            texts(field::ERROR_CODE, rows.iter().map(|row| row.error_code.as_deref())),
            texts(field::MESSAGE, rows.iter().map(|row| row.message.as_deref())),
            owned("record", rows.iter().map(|row| Some(place(&row.provenance, material.paths)))),
        ],
    )
}
