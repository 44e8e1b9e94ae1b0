//! The data block of the page: attempts, closes, load, changes and the records behind them, small enough to be drawn and
//! filtered anew by the reader's browser.
//!
//! Instants are milliseconds since 1970. Names stand once, in lists; rows hold their numbers in these lists.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::records::{Events, Places, Turn};
use super::{Limits, visible};
use crate::frame::{Attempt, Close, Outcome, Session, Tables};
use crate::judge::Incident;
use crate::model::{Fault, Name, Provenance, TimeRange, Timestamp};
use crate::report::chart::Layout;
use crate::report::input::{Input, name_of};
use crate::report::wording::page as words;

/// Hours of load of single hosts; beyond that only their sum is there.
const MAX_HOST_HOURS: usize = 120_000;

/// What the page's script reads.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// The window; null if the logs cover no time.
    window: Option<[i64; 2]>,
    /// The parts of the unzoomed axis: begin, end, left and right edge as shares of the width.
    parts: Vec<[f64; 4]>,
    /// Instants at which bins begin anew.
    anchors: Vec<i64>,
    /// The zone that the reader of the logs named for logs without one; the first that the page offers.
    zone: Option<String>,
    hosts: Vec<String>,
    /// The hosts of each row.
    host_rows: Vec<Vec<usize>>,
    users: Vec<String>,
    signatures: Vec<Signature>,
    sources: Vec<String>,
    incidents: Vec<Incidence>,
    changes: Vec<ChangeRow>,
    attempts: Attempts,
    closes: Closes,
    load: Load,
    /// The spans that any source of a host covers, by host.
    covered: Vec<Vec<[i64; 2]>>,
    events: Events,
    /// What did not find room, in words.
    pub(super) left_out: Vec<String>,
}

/// A signature, in the order of its lane.
#[derive(Debug, Serialize)]
struct Signature {
    id: String,
    title: String,
    of_incident: bool,
    of_user: bool,
}

/// An incident on the axis.
#[derive(Debug, Serialize)]
struct Incidence {
    id: String,
    title: String,
    /// Its words beside its bar.
    label: String,
    start: i64,
    end: Option<i64>,
    /// The begin of its worst hour.
    peak: i64,
    /// Where begin, worst hour and end lie.
    intervals: Vec<[i64; 2]>,
    signatures: Vec<usize>,
}

/// A change on the axis.
#[derive(Debug, Serialize)]
struct ChangeRow {
    id: String,
    name: String,
    at: i64,
    verdict: Option<&'static str>,
    probability: f64,
    is_routine: bool,
    hosts_known: bool,
    /// Host and when it came into force there.
    hosts: Vec<(usize, i64)>,
    places: Vec<Value>,
}

/// Attempts, one column each.
#[derive(Debug, Default, Serialize)]
struct Attempts {
    /// Milliseconds since the attempt before; the first since 1970.
    at: Vec<i64>,
    host: Vec<usize>,
    user: Vec<usize>,
    /// `s`ucceeded, `f`ailed, silent (`q`), `u`nseen: one letter each.
    outcome: String,
    /// The signature; -1 for none.
    signature: Vec<i64>,
    /// `u` where the fault is the user's own, else `-`.
    fault: String,
    /// How many of `places` belong to it.
    n_places: Vec<usize>,
    /// Source and number, in turn; see [`Places`].
    places: Vec<Value>,
    /// How many attempts each failure and each other attempt stands for: more than 1 where there were too many.
    weight_failed: usize,
    weight_other: usize,
}

/// Sessions that did not close.
#[derive(Debug, Default, Serialize)]
struct Closes {
    is_observable: bool,
    at: Vec<i64>,
    host: Vec<usize>,
    user: Vec<usize>,
    n_places: Vec<usize>,
    places: Vec<Value>,
}

/// Sessions open at most, by hour.
#[derive(Debug, Default, Serialize)]
struct Load {
    /// The hour since 1970 with which all rows begin.
    hour: i64,
    /// All hosts together; -1 for an hour that nothing is known of.
    all: Vec<f64>,
    /// By host; empty where there are too many.
    hosts: Vec<Vec<f64>>,
}

pub(super) fn millis(at: Timestamp) -> i64 {
    at.0.div_euclid(10_000)
}

/// Numbers names in the order in which they are given.
struct Numbered<'a> {
    names: Vec<&'a Name>,
    known: BTreeMap<&'a Name, usize>,
}

impl<'a> Numbered<'a> {
    fn new(names: impl IntoIterator<Item = &'a Name>) -> Self {
        let mut numbered = Self { names: Vec::new(), known: BTreeMap::new() };
        for name in names {
            numbered.number(name);
        }
        numbered
    }

    fn number(&mut self, name: &'a Name) -> usize {
        *self.known.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    fn texts(&self) -> Vec<String> {
        self.names.iter().map(|name| visible(name)).collect()
    }
}

/// Collects the block.
pub(super) fn data(input: &Input<'_>, layout: &Layout, limits: &Limits, places: &mut Places) -> Data {
    let tables = input.tables;
    let mut hosts = Numbered::new(host_order(layout, tables));
    let mut users = Numbered::new([]);
    let signature_order = signature_order(input, layout);
    let signatures: BTreeMap<&Name, usize> = (0..).zip(&signature_order).map(|(idx, name)| (*name, idx)).collect();
    let attempts = attempts(input, limits, places, (&mut hosts, &mut users, &signatures));
    let closes = closes(tables, limits, places, (&mut hosts, &mut users));
    let changes: Vec<ChangeRow> = changes(input, limits, places, &mut hosts);
    let events = Events::new(input, places, limits);
    let host_names: Vec<Name> = hosts.names.iter().map(|name| (*name).clone()).collect();
    let load = load(tables, &host_names);
    let left_out = words::left_out(&words::LeftOut {
        weight_failed: attempts.weight_failed,
        weight_other: attempts.weight_other,
        n_changes: tables.changes.len() - changes.len(),
        n_events: events.n_left_out,
        is_load_summed: load.hosts.is_empty() && !load.all.is_empty(),
    });
    Data {
        window: tables.window.map(|window| [millis(window.start), millis(window.end)]),
        parts: parts(layout),
        anchors: anchors(input),
        zone: input.options.get("timezone").filter(|zone| !zone.contains(['=', ','])).map(|zone| visible(zone)),
        hosts: hosts.texts(),
        host_rows: host_rows(layout, &mut hosts),
        users: users.texts(),
        signatures: signature_rows(input, &signature_order),
        sources: places.paths(),
        incidents: input.judgement.incidents.iter().map(|one| incidence(input, one, &signatures)).collect(),
        changes,
        attempts,
        closes,
        load,
        covered: host_names.iter().map(|host| covered(tables, host)).collect(),
        events,
        left_out,
    }
}

/// The axis as the static picture has it, without its pixels.
fn parts(layout: &Layout) -> Vec<[f64; 4]> {
    let width = f64::from(layout.right - layout.left).max(1.0);
    let share = |x: f64| ((x - f64::from(layout.left)) / width * 1e6).round() / 1e6;
    let part =
        |span: TimeRange, left, right| [millis(span.start) as f64, millis(span.end) as f64, share(left), share(right)];
    layout.parts.iter().map(|one| part(one.span, one.left, one.right)).collect()
}

/// Where bins begin anew: the onset, and when the guilty change came into force on its first host.
fn anchors(input: &Input<'_>) -> Vec<i64> {
    let Some(main) = input.main_incident() else { return Vec::new() };
    let guilty = main.root_cause.change_id.as_deref().and_then(|id| input.change(id));
    let in_force = guilty.and_then(|change| change.hosts.iter().map(|host| host.in_force_at).min());
    in_force.into_iter().chain([main.started_at]).map(millis).collect()
}

/// Hosts in the order of their rows, then those that have none.
fn host_order<'a>(layout: &'a Layout, tables: &'a Tables) -> impl Iterator<Item = &'a Name> {
    let rows = layout.bands.iter().filter(|band| band.id == "hosts").flat_map(|band| &band.rows);
    rows.flat_map(|row| &row.hosts).chain(&tables.hosts)
}

/// The hosts of each row of the static picture.
fn host_rows<'a>(layout: &'a Layout, hosts: &mut Numbered<'a>) -> Vec<Vec<usize>> {
    let rows = layout.bands.iter().filter(|band| band.id == "hosts").flat_map(|band| &band.rows);
    rows.map(|row| row.hosts.iter().map(|host| hosts.number(host)).collect()).collect()
}

/// Signatures in the order of their lanes, then those that share one, the commonest first.
fn signature_order<'a>(input: &Input<'a>, layout: &Layout) -> Vec<&'a Name> {
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for signature in input.tables.attempts.iter().filter_map(|attempt| attempt.signature.as_ref()) {
        *counts.entry(signature).or_default() += 1;
    }
    let lane = |name: &Name| layout.bands.iter().position(|band| band.id.strip_prefix("failures/") == Some(name));
    let mut order: Vec<(&Name, usize)> = counts.into_iter().collect();
    order.sort_by_key(|(name, n)| (lane(name).unwrap_or(usize::MAX), std::cmp::Reverse(*n), *name));
    order.into_iter().map(|(name, _)| name).collect()
}

fn signature_rows(input: &Input<'_>, order: &[&Name]) -> Vec<Signature> {
    let of_user: BTreeSet<&Name> = input
        .tables
        .attempts
        .iter()
        .filter(|attempt| attempt.fault == Some(Fault::User))
        .filter_map(|attempt| attempt.signature.as_ref())
        .collect();
    let row = |id: &&Name| Signature {
        id: visible(id),
        title: visible(&crate::report::wording::capitalized(input.signature_title(id))),
        of_incident: input.main_incident().is_some_and(|main| main.signatures.contains(id)),
        of_user: of_user.contains(*id),
    };
    order.iter().map(row).collect()
}

fn incidence(input: &Input<'_>, incident: &Incident, signatures: &BTreeMap<&Name, usize>) -> Incidence {
    let is_main = input.main_incident().is_some_and(|main| main.id == incident.id);
    let between = [incident.started_between, incident.peaked_between, incident.ended_between];
    Incidence {
        id: incident.id.clone(),
        label: visible(&super::cut(&crate::report::wording::postmortem::incident_label(input, incident, is_main), 400)),
        peak: millis(incident.peak_at),
        intervals: between.into_iter().flatten().map(|span| [millis(span.start), millis(span.end)]).collect(),
        title: visible(&crate::report::wording::incident::title(input, incident)),
        start: millis(incident.started_at),
        end: incident.ended_at.map(millis),
        signatures: incident.signatures.iter().filter_map(|name| signatures.get(name).copied()).collect(),
    }
}

/// The changes that found room: those that act first, then the likeliest.
fn changes<'a>(input: &Input<'a>, limits: &Limits, places: &mut Places, hosts: &mut Numbered<'a>) -> Vec<ChangeRow> {
    let mut rows = Vec::new();
    for change in super::view::ranked_changes(input).into_iter().take(limits.changes) {
        let said = input.verdict(&change.id, input.main_incident().map(|main| main.id.as_str()));
        rows.push(ChangeRow {
            id: change.id.clone(),
            name: visible(&name_of(change)),
            at: millis(change.started_at),
            verdict: said.map(|said| crate::report::wording::verdict::verdict(said.verdict)),
            probability: crate::report::sections::shown(said.map_or(0.0, |said| said.probability)),
            is_routine: change.is_routine,
            hosts_known: change.hosts_known,
            hosts: change.hosts.iter().map(|host| (hosts.number(&host.host), millis(host.in_force_at))).collect(),
            places: places.row(change.stated_by.iter().take(limits.records), Turn::First),
        });
    }
    rows
}

/// Every `step`-th of so many leaves at most `max`.
fn step(n: usize, max: usize) -> usize {
    n.div_ceil(max.max(1)).max(1)
}

fn attempts<'a>(
    input: &Input<'a>,
    limits: &Limits,
    places: &mut Places,
    (hosts, users, signatures): (&mut Numbered<'a>, &mut Numbered<'a>, &BTreeMap<&Name, usize>),
) -> Attempts {
    let all = &input.tables.attempts;
    let n_failed = all.iter().filter(|attempt| attempt.is_failure()).count();
    let weight_failed = step(n_failed, limits.attempts / 2);
    let weight_other = step(all.len() - n_failed, limits.attempts - (n_failed / weight_failed));
    let mut out = Attempts { weight_failed, weight_other, ..Attempts::default() };
    let (mut nth_failed, mut nth_other, mut last) = (0, 0, 0);
    for attempt in all {
        let (nth, weight) =
            if attempt.is_failure() { (&mut nth_failed, weight_failed) } else { (&mut nth_other, weight_other) };
        *nth += 1;
        if (*nth - 1) % weight != 0 {
            continue;
        }
        let at = millis(attempt.at);
        out.at.push(at - last);
        last = at;
        out.host.push(hosts.number(&attempt.host));
        out.user.push(users.number(&attempt.user));
        out.outcome.push(letter(attempt.outcome));
        out.signature.push(attempt.signature.as_ref().and_then(|id| signatures.get(id)).map_or(-1, |n| *n as i64));
        out.fault.push(if attempt.fault == Some(Fault::User) { 'u' } else { '-' });
        let own = &attempt.records[..n_records(attempt, limits).min(attempt.records.len())];
        out.n_places.push(own.len());
        out.places.extend(places.row(own, if attempt.is_failure() { Turn::Second } else { Turn::Last }));
    }
    out
}

/// A success leads to its telling record, a failure to all of them.
fn n_records(attempt: &Attempt, limits: &Limits) -> usize {
    if attempt.is_failure() { limits.records } else { 1 }
}

fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Succeeded => 's',
        Outcome::Failed => 'f',
        Outcome::Silent => 'q',
        Outcome::Unseen => 'u',
    }
}

fn closes<'a>(
    tables: &'a Tables,
    limits: &Limits,
    places: &mut Places,
    (hosts, users): (&mut Numbered<'a>, &mut Numbered<'a>),
) -> Closes {
    let is_observable = tables.sessions.iter().any(|session| session.close != Close::NotObservable);
    let mut out = Closes { is_observable, ..Closes::default() };
    let incomplete = tables.sessions.iter().filter(|session| session.close == Close::Incomplete);
    for (at, session) in incomplete.filter_map(|session| Some((closed_at(session)?, session))).take(limits.attempts) {
        out.at.push(millis(at));
        out.host.push(hosts.number(&session.host));
        out.user.push(users.number(&session.user));
        let own: Vec<Provenance> = session.marks.iter().map(|mark| mark.record).take(limits.records).collect();
        out.n_places.push(own.len());
        out.places.extend(places.row(&own, Turn::Second));
    }
    out
}

fn closed_at(session: &Session) -> Option<Timestamp> {
    session.ended_at.or(session.marks.first().map(|mark| mark.at))
}

fn load(tables: &Tables, hosts: &[Name]) -> Load {
    let hours = || tables.load.keys().map(|(_, hour)| *hour);
    let (Some(first), Some(last)) = (hours().min(), hours().max()) else { return Load::default() };
    let n_hours = (last - first + 1) as usize;
    let mut all = vec![-1.0; n_hours];
    let mut rows = BTreeMap::new();
    let has_rows = n_hours.saturating_mul(hosts.len()) <= MAX_HOST_HOURS;
    for ((host, hour), load) in &tables.load {
        let place = (hour - first) as usize;
        let open = load.sessions_counted.unwrap_or(load.sessions_open);
        let open = if open.is_finite() { (open.max(0.0) * 10.0).round() / 10.0 } else { 0.0 };
        all[place] = (f64::max(all[place], 0.0) * 10.0 + open * 10.0).round() / 10.0;
        if has_rows {
            rows.entry(host).or_insert_with(|| vec![-1.0; n_hours])[place] = open;
        }
    }
    let hosts = hosts.iter().map(|host| rows.remove(host).unwrap_or_default());
    Load { hour: first, all, hosts: if has_rows { hosts.collect() } else { Vec::new() } }
}

/// The spans of a host's sources without their gaps, joined where they meet.
fn covered(tables: &Tables, host: &Name) -> Vec<[i64; 2]> {
    let mut spans: Vec<[i64; 2]> = Vec::new();
    for coverage in tables.coverage.iter().filter(|coverage| coverage.host == *host) {
        let mut from = coverage.span.start;
        for gap in &coverage.gaps {
            spans.push([millis(from), millis(gap.start)]);
            from = gap.end;
        }
        spans.push([millis(from), millis(coverage.span.end)]);
    }
    spans.retain(|span| span[0] < span[1]);
    spans.sort_unstable();
    let mut joined: Vec<[i64; 2]> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    joined
}
