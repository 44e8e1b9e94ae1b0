//! The formats that a record can have, each with samples that no other format takes.
//!
//! In: the [`Record`]s of one source. Out: for each record one [`LineOutcome`].
//!
//! Invariant: a format claims only what it can read; what no format claims is counted as damaged.
//!
//! # Adding a format
//!
//! Write `format/<name>.rs` with a type that implements [`LogFormat`], and add it to [`FORMATS`], before
//! any format that would take its records, too. Its samples are its tests: it takes each of them, and
//! no other format is chosen for them.

mod access;
mod access_json;
mod change_list;
mod change_table;
mod citrix_adc;
mod clef;
mod clock_lines;
mod cmtrace;
mod compose;
mod container;
mod deployments;
mod dotnet_console;
mod ecs;
mod exchange;
mod fslogix;
mod git_tags;
mod glog;
mod haproxy;
mod httpd_error;
mod httperr;
mod iis;
mod influx;
mod journald;
mod journald_export;
mod json_lines;
mod load_table;
mod log4j;
mod logfmt;
mod mongodb;
mod monolog;
mod mysql;
mod mysql_slow;
mod nlog;
mod oslo;
mod otlp;
pub mod own;
mod pdh;
mod postgres;
mod prometheus;
mod python_logging;
mod redis;
mod rust_log;
mod serilog;
mod setup;
mod sql_agent;
mod sql_errorlog;
mod squid;
mod stamped;
mod syslog;
mod untimed;
mod uwsgi;
mod vdsm;
mod vmware;
mod zabbix;
mod zap_console;

pub use super::formats::{Formats, Handle};
pub(in crate::normalize) use json_lines::message_of;

use super::clock::{Clock, DateOrder, Stamp};
use super::file::FileFacts;
use super::message::{self, Gists, Line};
use super::request::{self, Request};
use super::summary::Role;
use crate::diagnostic::Code;
use crate::model::{Action, ChangeRecord, Event, LoadSample, Name, Names, Provenance, Severity, Timestamp, Trust};
use crate::read::{Body, Container, Record};

/// Every format, the most particular first; the last ones take what only has a stamp.
pub const FORMATS: &[&dyn LogFormat] = &[
    &fslogix::FslogixProfile,
    &httperr::HttpErr,
    &iis::IisW3c,
    &exchange::ExchangeSmtp,
    &exchange::ExchangeHttpProxy,
    &git_tags::GitTags,
    &journald_export::JournaldExport,
    &setup::SetupApi,
    &setup::MsiLog,
    &setup::Cbs,
    &setup::WindowsUpdate,
    &change_table::ChangeTable,
    &container::Cri,
    &compose::Compose,
    &access::AccessLog,
    &uwsgi::Uwsgi,
    &squid::Squid,
    &oslo::Oslo,
    &redis::Redis,
    &dotnet_console::DotnetConsole,
    &cmtrace::CmTrace,
    &httpd_error::NginxError,
    &httpd_error::ApacheError,
    &postgres::Postgres,
    &postgres::PostgresCsv,
    &mysql::MySql,
    &mysql_slow::MySqlSlow,
    &vmware::VMware,
    &citrix_adc::CitrixAdc,
    &mongodb::MongoDbText,
    &glog::Glog,
    &sql_errorlog::SqlErrorLog,
    &sql_agent::SqlAgent,
    &serilog::Serilog,
    &nlog::NLog,
    &python_logging::PythonLogging,
    &untimed::PythonUntimed,
    &rust_log::RustLog,
    &zap_console::ZapConsole,
    &monolog::Monolog,
    &vdsm::Vdsm,
    &log4j::Log4j,
    &otlp::Otlp,
    &journald::Journald,
    &container::DockerJson,
    &access_json::AccessJson,
    &clef::Clef,
    &postgres::PostgresJson,
    &mongodb::MongoDb,
    &deployments::Deployments,
    &change_list::ChangeList,
    &prometheus::Prometheus,
    &influx::Influx,
    &zabbix::Zabbix,
    &ecs::Ecs,
    &json_lines::JsonLines,
    &pdh::PdhCsv,
    &load_table::LoadTable,
    &haproxy::Haproxy,
    &syslog::Syslog,
    &logfmt::Logfmt,
    &clock_lines::ClockLines,
    &stamped::Stamped,
];

/// One kind of log, load or list.
pub trait LogFormat: Sync {
    /// The public name, as [`crate::normalize::SourceSummary::format`] has it.
    fn name(&self) -> &str;

    /// `event.dataset` of its events.
    fn dataset(&self) -> &str;

    /// What its sources are used for.
    fn role(&self) -> Role;

    /// The containers in which it occurs.
    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    /// Takes one line apart, for formats whose lines each tell all about themselves.
    ///
    /// `order` is how the source writes dates that leave day and month open.
    fn parse<'t>(&self, _line: &'t str, _order: DateOrder) -> Option<Entry<'t>> {
        None
    }

    /// How many of the first records (for [`Container::Lines`]: first lines) have this format.
    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if fits_line(self, text))).count()
    }

    /// Whether it takes any line with a stamp, so that one line alone proves nothing.
    fn is_generic(&self) -> bool {
        false
    }

    /// Whether a line begins a record; the others continue the one before.
    fn starts_record(&self, line: &str) -> bool {
        fits_line(self, line)
    }

    /// Returns the parser of one source; `None` where [`LogFormat::parse`] is all it takes.
    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        None
    }

    /// Texts that this format takes, and no other.
    fn samples(&self) -> &'static [Sample];
}

/// Reads the records of one source, one after the other.
pub trait Parser: Send {
    /// Says what stands in one record.
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r>;

    /// The host that the source itself names for all of its records.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Says what only all records together tell, or what waited for a record that did not come.
    fn finish(&mut self, _context: &mut Context<'_>) -> Option<LineOutcome> {
        None
    }
}

/// Whether a line can be taken apart, whichever of day and month stands first.
fn fits_line<F: LogFormat + ?Sized>(format: &F, line: &str) -> bool {
    format.parse(line, DateOrder::MonthFirst).is_some() || format.parse(line, DateOrder::DayFirst).is_some()
}

/// One line, taken apart.
#[derive(Debug)]
pub struct Entry<'t> {
    /// Its stamp.
    pub stamp: Stamp,
    /// What it says; the instant is put in later.
    pub said: Said<'t>,
}

impl<'t> Entry<'t> {
    /// Returns the entry of a message.
    pub fn message(stamp: Stamp, line: Line<'t>) -> Self {
        Self { stamp, said: Said::Message(line) }
    }

    /// Returns the entry of a request.
    pub fn request(stamp: Stamp, request: Request<'t>) -> Self {
        Self { stamp, said: Said::Request(request) }
    }
}

/// What stands in one record, before anything is made of it.
#[derive(Debug)]
pub enum Said<'r> {
    /// A message of an application.
    Message(Line<'r>),
    /// A request to a server.
    Request(Request<'r>),
    /// Several things at once: a batch in one line, an event with a reading of load.
    Several(Vec<Said<'r>>),
    /// Something whose meaning the format itself knows.
    Done(LineOutcome),
}

impl From<LineOutcome> for Said<'_> {
    fn from(outcome: LineOutcome) -> Self {
        Self::Done(outcome)
    }
}

impl Said<'_> {
    /// Says what it comes to.
    pub fn outcome(self, context: &mut Context<'_>) -> LineOutcome {
        match self {
            Self::Message(line) => message::understand(line, context),
            Self::Request(request) => request::understand(&request, context),
            Self::Several(parts) => LineOutcome::Several(parts.into_iter().map(|part| part.outcome(context)).collect()),
            Self::Done(outcome) => outcome,
        }
    }
}

/// What one record came to.
#[derive(Debug)]
pub enum LineOutcome {
    /// An event.
    Event(Box<Event>),
    /// Readings of counters.
    Load(Vec<LoadSample>),
    /// Statements about changes.
    Change(Vec<ChangeRecord>),
    /// Several of these, of one record; it counts once.
    Several(Vec<LineOutcome>),
    /// Sound, and of no use to the question; its instant, if it has one.
    Irrelevant(Option<Timestamp>),
    /// Of this format, but broken: how.
    Damaged(Code, &'static str),
    /// Not of this format.
    Foreign,
}

/// What a parser may use for one record.
pub struct Context<'a> {
    /// The clock of the source.
    pub clock: &'a mut Clock,
    /// Shared texts.
    pub names: &'a mut Names,
    /// What shapes of messages mean.
    pub gists: &'a mut Gists,
    /// Where the record stands.
    pub provenance: Provenance,
    /// `event.dataset` of the source.
    pub dataset: &'a str,
}

impl Context<'_> {
    /// Returns an event at that instant that means nothing yet.
    pub fn event(&mut self, (at, time_trust): (Timestamp, Trust), action: Action) -> Event {
        Event {
            at,
            time_trust,
            duration_ms: None,
            provenance: self.provenance,
            host: None,
            host_trust: Trust::Guessed,
            dataset: self.names.intern(self.dataset),
            provider: None,
            code: None,
            channel: None,
            severity: Severity::Info,
            action,
            user: None,
            user_sid: None,
            session_id: None,
            logon_id: None,
            activity_id: None,
            client: None,
            signature: None,
            fault: None,
            error_code: None,
            component_version: None,
            message: None,
            data: Vec::new(),
        }
    }

    /// Returns the shared copy of a message, cut to 2 KiB at a character boundary.
    pub fn message(&mut self, text: &str) -> Name {
        let mut end = text.len().min(2_048);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.names.intern(&text[..end])
    }
}

/// A text that a format takes.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// How its records sit in it.
    pub container: Container,
    /// The path of the file.
    pub path: &'static str,
    /// The text.
    pub text: &'static str,
    /// What its records come to, one line each, as [`LineOutcome::summary`] prints it.
    pub expected: &'static [&'static str],
}

impl LineOutcome {
    /// Returns the outcome in one line: what the samples state and compare.
    pub fn summary(&self) -> String {
        let text = |name: &Option<Name>| name.as_deref().unwrap_or("-").to_owned();
        match self {
            Self::Event(event) => format!(
                "{:?} {} user={} host={} client={} code={}",
                event.action,
                event.at,
                text(&event.user),
                text(&event.host),
                text(&event.client),
                text(&event.error_code)
            ),
            Self::Load(samples) => samples
                .iter()
                .map(|s| format!("{:?} {} host={} {}", s.metric, s.at, text(&s.host), s.value))
                .collect::<Vec<_>>()
                .join("; "),
            Self::Change(changes) => changes
                .iter()
                .map(|c| format!("{:?} {} {} {} {:?}", c.kind, c.at, c.component, text(&c.version), c.scope))
                .collect::<Vec<_>>()
                .join("; "),
            Self::Several(parts) => parts.iter().map(Self::summary).collect::<Vec<_>>().join(" + "),
            Self::Irrelevant(Some(at)) => format!("irrelevant {at}"),
            Self::Irrelevant(None) => "irrelevant".to_owned(),
            Self::Damaged(code, _) => format!("damaged {}", code.name()),
            Self::Foreign => "foreign".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::clock::ZoneRule;
    use crate::normalize::plain::Plain;
    use crate::normalize::testing::records;

    #[test]
    fn every_name_is_there_once() {
        let names: std::collections::BTreeSet<_> = FORMATS.iter().map(|format| format.name()).collect();
        assert_eq!(names.len(), FORMATS.len());
        assert!(FORMATS.iter().all(|format| !format.samples().is_empty()));
    }

    #[test]
    fn every_sample_is_taken_by_its_own_format_and_means_what_it_says() {
        let mut wrong = Vec::new();
        for (index, format) in FORMATS.iter().enumerate() {
            for sample in format.samples() {
                let lines = records(sample.container, sample.text, &|_| true);
                let chosen = Formats::default().choose(sample.container, &lines);
                assert_eq!(
                    chosen.map(|found| FORMATS[found].name()),
                    Some(FORMATS[index].name()),
                    "sample of {}: {}",
                    format.name(),
                    sample.text
                );
                let file = FileFacts::new(sample.path);
                let mut parser = format.open(&file, &lines).unwrap_or_else(|| Box::new(Plain::new(*format, &file)));
                let mut clock = Clock::new(ZoneRule::UTC, Trust::Guessed);
                let (mut names, mut gists) = (Names::new(), Gists::default());
                let got: Vec<String> = records(sample.container, sample.text, &|line| format.starts_record(line))
                    .iter()
                    .map(|record| {
                        let provenance = Provenance { source: crate::model::SourceId(0), position: record.position };
                        let mut context = Context {
                            clock: &mut clock,
                            names: &mut names,
                            gists: &mut gists,
                            provenance,
                            dataset: format.dataset(),
                        };
                        parser.say(record, &mut context).outcome(&mut context).summary()
                    })
                    .collect();
                if got != sample.expected {
                    wrong.push(format!("{}:\n  got  {got:#?}\n  want {:#?}", format.name(), sample.expected));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Reads a text as one source of that format alone; every record must come to something.
    ///
    /// What shapes of messages mean is kept from text to text: that is what takes long.
    fn survive(format: &'static dyn LogFormat, container: Container, text: &str, gists: &mut Gists) {
        let file = FileFacts::new("any/file-20220822.log");
        let lines = records(container, text, &|line| format.starts_record(line));
        assert!(format.recognize(&lines) <= lines.len());
        let mut parser = format.open(&file, &lines).unwrap_or_else(|| Box::new(Plain::new(format, &file)));
        let mut clock = Clock::new(ZoneRule::UTC, Trust::Guessed);
        let mut names = Names::new();
        let dataset = format.dataset();
        let source = crate::model::SourceId(0);
        for record in &lines {
            let provenance = Provenance { source, position: record.position };
            let (clock, names, gists) = (&mut clock, &mut names, &mut *gists);
            let mut context = Context { clock, names, gists, provenance, dataset };
            let summary = parser.say(record, &mut context).outcome(&mut context).summary();
            assert!(!summary.is_empty() || lines.is_empty());
        }
        let provenance = Provenance { source, position: crate::model::Position::Line(0) };
        let (clock, names) = (&mut clock, &mut names);
        let _ = parser.finish(&mut Context { clock, names, gists, provenance, dataset });
    }

    /// What a whole run makes of a text: every record must be counted once.
    fn balances(container: Container, path: &str, text: &str) {
        use crate::normalize::{Options, normalize};
        let source = crate::read::Source::of_container(crate::model::SourceId(0), path, container, text.as_bytes());
        let done = normalize(&[source], &Options::default(), &|_| ());
        let one = &done.sources[0];
        assert_eq!(one.n_records, one.n_kept + one.n_irrelevant + one.n_damaged, "{text}");
        let format = FORMATS.iter().find(|format| format.name() == one.format);
        let starts = |line: &str| format.is_none_or(|format| format.starts_record(line));
        let n_records = records(container, text, &starts).len() as u64;
        // A text with zeros in it may be taken for none, and its format is then found when records have gathered.
        let is_format = (format.is_some() || one.format == "unknown") && !text.contains('\0');
        // Rows and objects that could not be read are counted, too; exported events join lines by rules of their own.
        let fits = if container == Container::Lines { one.n_records == n_records } else { one.n_records >= n_records };
        assert!(fits || !is_format, "{}: {} of {n_records}\n{text}", one.format, one.n_records);
    }

    #[test]
    fn a_sample_cut_or_garbled_anywhere_ends_in_outcomes_and_never_in_a_panic() {
        for format in FORMATS {
            let mut gists = Gists::default();
            for sample in format.samples() {
                // Long samples in longer steps, that are odd so that all kinds of places are met.
                let step = 7.max(sample.text.len() / 10) | 1;
                for at in (0..sample.text.len()).step_by(step).filter(|at| sample.text.is_char_boundary(*at)) {
                    let (head, tail) = sample.text.split_at(at);
                    let tail = tail.chars().skip(1).collect::<String>();
                    for text in [head.to_owned(), format!("{head}\u{fffd}{tail}"), format!("{head}\n{tail}")] {
                        survive(*format, sample.container, &text, &mut gists);
                    }
                }
            }
        }
    }

    #[test]
    fn every_record_of_a_garbled_sample_is_counted_once() {
        for format in FORMATS {
            for sample in format.samples() {
                let step = 31.max(sample.text.len() / 6) | 1;
                for at in (0..sample.text.len()).step_by(step).filter(|at| sample.text.is_char_boundary(*at)) {
                    let (head, tail) = sample.text.split_at(at);
                    let tail = tail.chars().skip(1).collect::<String>();
                    for text in [head.to_owned(), format!("{head}\u{fffd}{tail}"), format!("{head}\n{tail}")] {
                        balances(sample.container, sample.path, &text);
                    }
                }
            }
        }
    }

    /// What no format can have thought of: each in each container that a format reads.
    #[test]
    fn hostile_texts_are_survived_by_every_format_in_every_container() {
        let nested = format!("{}{}", "{\"a\":".repeat(400), "}".repeat(400));
        let numbers = "99999999999999999999999999999999 -1 1e999 0x 2022-99-99 25:61:61 ";
        let texts = [
            String::new(),
            "\n\n\n".to_owned(),
            "\0".repeat(64),
            "\u{feff}\u{202e}\u{0300}".repeat(40),
            "\"".repeat(99),
            "[".repeat(99) + &"]".repeat(99),
            "2022-08-22 08:15:01".to_owned(),
            "2022-08-22 08:15:01 \u{e9}".to_owned(),
            "[08:15:01 ".to_owned(),
            "<0><1><2><191>".to_owned(),
            "#Fields: date time\n# Time: x\n=== Logging started: 1/1/1 ===\n>>>  [\n<<<  [Exit status: SUCCESS"
                .to_owned(),
            "a=b c=\"d e=f\n__CURSOR=\nMESSAGE\n".to_owned(),
            numbers.repeat(30),
            "a,b\n".repeat(3) + "\"",
            nested,
            "{\"time\":1e308,\"ts\":-9e18,\"clock\":\"\",\"t\":{\"$date\":[]},\"message\":{\"a\":[1]}}".to_owned(),
            "x".repeat(70_000),
        ];
        for format in FORMATS {
            let mut gists = Gists::default();
            for container in format.containers() {
                for text in &texts {
                    survive(*format, *container, text, &mut gists);
                    // Behind a sound record, where what was learned of it is in force.
                    for sample in format.samples().iter().filter(|sample| sample.container == *container).take(1) {
                        survive(*format, *container, &format!("{}\n{text}", sample.text), &mut gists);
                    }
                }
            }
        }
        for container in [Container::Lines, Container::Json, Container::Table, Container::W3c] {
            for text in &texts {
                balances(container, "any.log", text);
            }
        }
    }
}
