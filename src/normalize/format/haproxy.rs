//! HAProxy: its HTTP and TCP logs, errors of connections, and servers that go down or come up, with or without
//! syslog before them.
//!
//! A line of traffic is stamped when the client was accepted and written when it is done; its event stands at the
//! end. The state at its end says who ended it and where: `SC` the server refused, `sC` it did not answer in time,
//! `sQ` the queue took too long, `SH` and `sH` the server failed or was late, `PC` the proxy was full, `C` and `c` the
//! client left. Each line also counts the connections open at its end, of the process and of its front end, and
//! those that wait for a server: their highest numbers are kept for each minute.
//!
//! Source: HAProxy Configuration Manual, chapter 8 (log formats, state at disconnection).

use std::collections::BTreeMap;

use super::syslog;
use super::{Context, Entry, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Action, LoadMetric, LoadSample, Name, Severity, Timestamp};
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::plain::Plain;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Haproxy;

/// One line of traffic.
#[derive(Clone, Copy, Debug)]
struct Traffic<'t> {
    client: &'t str,
    accepted: Stamp,
    frontend: &'t str,
    backend: &'t str,
    server: &'t str,
    total_ms: f64,
    status: &'t str,
    state: &'t str,
    counts: Counts,
}

/// How busy the proxy was when a line was written.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// Connections of the process.
    open: f64,
    /// Connections of the front end.
    front: f64,
    /// Requests that waited for the server and for any of the back end before this one.
    waiting: f64,
}

/// `client:port [stamp] frontend backend/server timers status bytes - - state counts queues …`; TCP has no
/// status and no cookies.
fn traffic(text: &str) -> Option<Traffic<'_>> {
    let (client, behind) = text.split_once(" [")?;
    let (accepted, len) = stamp(behind, DateOrder::DayFirst).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
    let mut words = behind.get(len..)?.strip_prefix("] ")?.splitn(12, ' ');
    let mut word = || words.next();
    let (frontend, place, timers) = (word()?, word()?, word()?);
    let (backend, server) = place.split_once('/')?;
    let n_timers = timers.split('/').count();
    let total_ms = f64::from(timers.rsplit('/').next()?.trim_start_matches('+').parse::<u32>().ok()?);
    let (status, _bytes) = if n_timers >= 5 { (word()?, word()?) } else { ("", word()?) };
    if n_timers >= 5 {
        word().zip(word())?;
    }
    let (state, counts) = (word()?, word()?);
    let is_state = (2..=4).contains(&state.len()) && state.bytes().all(|b| b == b'-' || b.is_ascii_alphabetic());
    if !is_state || n_timers < 3 || client.contains(' ') || counts.split('/').count() != 5 {
        return None;
    }
    let mut numbers = counts.split('/').map(|number| number.parse::<u32>().ok().map(f64::from));
    let (open, front) = (numbers.next()??, numbers.next()??);
    let queues = word().map_or("", |queues| queues);
    let waiting = queues.split('/').filter_map(|number| number.parse::<u32>().ok()).map(f64::from).sum();
    let counts = Counts { open, front, waiting };
    // `~` marks a front end with TLS.
    let frontend = frontend.trim_end_matches('~');
    Some(Traffic { client: bare(client), accepted, frontend, backend, server, total_ms, status, state, counts })
}

/// An address without its port.
fn bare(client: &str) -> &str {
    client.rsplit_once(':').map_or(client, |(address, _)| address)
}

/// What the proxy says behind the syslog header, and the header's stamp and host.
fn body(line: &str) -> Option<(Option<syslog::Frame<'_>>, &str)> {
    match syslog::frame(line) {
        Some(frame) => {
            let message = frame.message;
            (frame.tag.starts_with("haproxy")).then_some((Some(frame), message))
        }
        None => Some((None, line)),
    }
}

impl LogFormat for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn dataset(&self) -> &'static str {
        "haproxy"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, _order: DateOrder) -> Option<Entry<'t>> {
        let (frame, text) = body(line)?;
        match (frame, traffic(text)) {
            (None, found) => Some(Entry::message(found?.accepted, Line::default())),
            (Some(frame), _) => {
                let mut line = syslog::line(&frame);
                let is_down = text.starts_with("Server ") && text.contains(" is DOWN");
                if is_down || text.ends_with("has no server available!") {
                    line.severity = Severity::Error;
                }
                Some(Entry::message(frame.stamp, line))
            }
        }
    }

    fn open(&self, file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(HaproxyParser { plain: Plain::new(&Self, file), open: None, latest: Timestamp(i64::MIN) }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "haproxy-20220822.log",
            text: "Aug 22 08:15:01 lb01 haproxy[7]: 10.0.0.7:4711 [22/Aug/2022:08:15:00.500] www be_app/app01 0/0/1/30/31 200 306 - - ---- 2/1/0/0/0 0/0 \"GET / HTTP/1.1\"\n\
                   Aug 22 08:15:02 lb01 haproxy[7]: 10.0.0.8:4712 [22/Aug/2022:08:15:01.500] www be_app/app01 0/0/-1/-1/500 503 213 - - SC-- 9/8/7/6/3 0/0 \"POST /login HTTP/1.1\"\n\
                   Aug 22 08:15:03 lb01 haproxy[7]: 10.0.0.8:4713 [22/Aug/2022:08:15:02.000] rdp rdp/RDS01 1/-1/10000 0 sC 5/4/5/5/3 2/3\n\
                   Aug 22 08:15:04 lb01 haproxy[7]: 10.0.0.9:1 [22/Aug/2022:08:15:03.000] www be_app/app01 0/0/1/-1/9 -1 0 - - CH-- 3/2/1/1/0 0/0 \"GET / HTTP/1.1\"\n\
                   Aug 22 08:16:01 lb01 haproxy[7]: Server be_app/app01 is DOWN, reason: Layer4 connection problem\n\
                   Aug 22 08:16:02 lb01 haproxy[7]: Proxy www started.\n\
                   Aug 22 08:16:03 lb01 haproxy[7]: Server be_app/app01 is UP, reason: Layer4 check passed\n\
                   Aug 22 08:16:04 lb01 haproxy[7]: 10.0.0.7:4711 [22/Aug/2022:08:16:03.500] www be_app/app01 0/0/1/30/31 200 306 - - ---- 2/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
            expected: &[
                "irrelevant 2022-08-22T08:15:00.531Z",
                "Symptom 2022-08-22T08:15:02Z user=- host=APP01 client=10.0.0.8 code=SC",
                "Symptom 2022-08-22T08:15:12Z user=- host=RDS01 client=10.0.0.8 code=sC",
                "irrelevant 2022-08-22T08:15:03.009Z",
                "Symptom 2022-08-22T08:16:01Z user=- host=APP01 client=- code=DOWN",
                "irrelevant 2022-08-22T08:16:02Z",
                "ServiceState 2022-08-22T08:16:03Z user=- host=APP01 client=- code=-",
                "Other 2022-08-22T08:15:04Z host=LB01 9; QueueLength 2022-08-22T08:15:04Z host=LB01 5; \
                 Other 2022-08-22T08:15:04Z host=LB01 4; Other 2022-08-22T08:15:04Z host=LB01 8 + irrelevant 2022-08-22T08:16:03.531Z",
            ],
        }]
    }
}

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;

/// Front ends whose connections are told; a proxy has some dozen.
const N_FRONT_ENDS_MAX: usize = 64;

/// The highest counts of one minute.
struct Minute {
    number: i64,
    host: Option<Name>,
    n_open: f64,
    n_waiting: f64,
    front_ends: BTreeMap<String, f64>,
}

impl Minute {
    fn take(&mut self, frontend: &str, counts: Counts) {
        self.n_open = self.n_open.max(counts.open);
        self.n_waiting = self.n_waiting.max(counts.waiting);
        if let Some(most) = self.front_ends.get_mut(frontend) {
            *most = most.max(counts.front);
        } else if self.front_ends.len() < N_FRONT_ENDS_MAX {
            self.front_ends.insert(frontend.to_owned(), counts.front);
        }
    }
}

struct HaproxyParser {
    plain: Plain,
    open: Option<Minute>,
    /// When the last line was written.
    latest: Timestamp,
}

impl HaproxyParser {
    /// Counts the connections open when a line was written; a minute that is over comes to readings.
    fn count(
        &mut self,
        at: Timestamp,
        host: Option<&str>,
        of: &Traffic<'_>,
        context: &mut Context<'_>,
    ) -> Option<LineOutcome> {
        let number = at.0.div_euclid(TICKS_PER_MINUTE);
        let before = self.latest;
        self.latest = before.max(at);
        if let Some(minute) = self.open.as_mut().filter(|minute| minute.number >= number) {
            minute.take(of.frontend, of.counts);
            return None;
        }
        let host = host.map(|host| context.names.intern(&crate::model::identity::canonical_host(host)));
        let mut minute = Minute { number, host, n_open: 0.0, n_waiting: 0.0, front_ends: BTreeMap::new() };
        minute.take(of.frontend, of.counts);
        let over = self.open.replace(minute);
        over.map(|minute| readings(&minute, before, context))
    }
}

/// The readings of a minute, at its end, but not behind the last line.
fn readings(minute: &Minute, latest: Timestamp, context: &mut Context<'_>) -> LineOutcome {
    let at = Timestamp((minute.number + 1).saturating_mul(TICKS_PER_MINUTE)).min(latest);
    let mut samples = Vec::new();
    let mut add = |metric, counter: &str, value| {
        samples.push(LoadSample {
            at,
            time_trust: context.clock.trust(),
            host: minute.host.clone(),
            metric,
            counter: context.names.intern(counter),
            value,
            provenance: context.provenance,
        });
    };
    add(LoadMetric::Other, "haproxy connections, most of the minute", minute.n_open);
    add(LoadMetric::QueueLength, "haproxy requests that wait for a server, most of the minute", minute.n_waiting);
    // With one front end its connections are those of the process.
    for (name, most) in minute.front_ends.iter().filter(|_| minute.front_ends.len() > 1) {
        add(LoadMetric::Other, &format!("haproxy connections of {name}, most of the minute"), *most);
    }
    LineOutcome::Load(samples)
}

/// Whether an end is trouble that is not the client's: `PR` is a request that the proxy refused as malformed.
fn is_trouble(of: &Traffic<'_>) -> bool {
    let is_server_error = of.status.starts_with('5') && of.status.len() == 3;
    match of.state.as_bytes() {
        [b'P', b'R', ..] | [b'-', ..] => is_server_error,
        [b'S' | b's' | b'P' | b'R' | b'I' | b'D' | b'K', ..] => true,
        _ => false,
    }
}

impl Parser for HaproxyParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let said = self.plain.say(record, context);
        let (Said::Message(line), Body::Text(text)) = (&said, &record.body) else { return said };
        let first = text.split('\n').next().unwrap_or("");
        let Some((frame, text)) = body(first) else { return said };
        let written = line.at.0;
        let own_host = frame.as_ref().and_then(|frame| frame.host);
        let Some(of) = traffic(text) else {
            return server_state(line, context).map_or(said, Said::Done);
        };
        let (accepted, trust) = context.clock.instant(of.accepted);
        let time = (accepted.plus_seconds(of.total_ms / 1e3), trust);
        let written = if frame.is_some() { written } else { time.0 };
        let load = self.count(written, own_host, &of, context);
        let outcome = if is_trouble(&of) {
            let mut event = context.event(time, Action::Symptom);
            event.severity = Severity::Error;
            event.duration_ms = Some(of.total_ms);
            event.code = of.status.parse().ok();
            event.client = Some(context.names.intern(of.client));
            set_host(&mut event, of.server, context);
            let state = of.state.get(..2).unwrap_or(of.state);
            let code = if state == "--" { of.status } else { state };
            event.error_code = Some(context.names.intern(code));
            event.signature = Some(context.names.intern(&format!("other-haproxy-{code}")));
            let text = format!("{}/{} status={} state={}", of.backend, of.server, of.status, of.state);
            event.message = Some(context.message(&text));
            LineOutcome::Event(Box::new(event))
        } else {
            LineOutcome::Irrelevant(Some(time.0))
        };
        match load {
            Some(load) => Said::Several(vec![Said::Done(load), Said::Done(outcome)]),
            None => outcome.into(),
        }
    }

    fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        let latest = self.latest;
        self.open.take().map(|minute| readings(&minute, latest, context))
    }
}

fn set_host(event: &mut crate::model::Event, server: &str, context: &mut Context<'_>) {
    let host = crate::model::identity::canonical_host(server);
    if !host.is_empty() && !server.starts_with('<') {
        event.host = Some(context.names.intern(&host));
        event.host_trust = crate::model::Trust::Stated;
    }
}

/// `Server backend/server is DOWN, reason: …`.
fn server_state(line: &Line<'_>, context: &mut Context<'_>) -> Option<LineOutcome> {
    let rest = line.message.strip_prefix("Server ")?;
    let (place, state) = rest.split_once(" is ")?;
    let action = if state.starts_with("DOWN") {
        Action::Symptom
    } else if state.starts_with("UP") {
        Action::ServiceState
    } else {
        return Some(LineOutcome::Irrelevant(Some(line.at.0)));
    };
    let mut event = context.event((line.at.0, line.at.1.unwrap_or(crate::model::Trust::Stated)), action);
    if action == Action::Symptom {
        event.severity = Severity::Error;
        event.error_code = Some(context.names.intern("DOWN"));
        event.signature = Some(context.names.intern("other-haproxy-server-down"));
    }
    set_host(&mut event, place.split_once('/').map_or(place, |(_, server)| server), context);
    event.message = Some(context.message(&line.message));
    Some(LineOutcome::Event(Box::new(event)))
}
