//! The shapes in which tools export Windows events, each with samples that no other shape takes.
//!
//! In: the [`Record`]s of one source that is neither EVTX nor event XML (those are containers of
//! `read`). Out: for each record one [`Exported`]: the event in the one normal form, as far as the shape
//! kept it.
//!
//! Invariant: a shape takes only what it is sure of, for it is asked before any log format. What a shape
//! loses it says in [`Export::loses`], and a value that it lost is absent, never made up.
//!
//! # Adding a shape
//!
//! Write `export/<name>.rs` with a type that implements [`Export`], and add it to [`EXPORTS`], before
//! any shape that would take its records, too. Its samples are its tests: it takes each of them, no
//! other shape and no log format is chosen for them, and they come to what they say.

mod azure;
mod clixml;
mod event_viewer;
mod evtx_dump;
mod evtxecmd;
mod fluent_bit;
mod get_winevent;
mod get_winevent_csv;
mod hayabusa;
mod nxlog;
mod snare;
mod splunk;
mod splunk_text;
mod velociraptor;
mod wevtutil_text;
mod winlogbeat;
mod xml_lines;

use super::super::clock::{Clock, DateOrder, Stamp, stamp};
use super::super::file::FileFacts;
use crate::diagnostic::Code;
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Name, Names, Timestamp, Trust};
use crate::read::{Container, Record, WindowsRecord, event_xml};

/// Every shape, the most particular first.
pub const EXPORTS: &[&dyn Export] = &[
    &splunk::Splunk,
    &splunk_text::SplunkText,
    &evtx_dump::EvtxDump,
    &velociraptor::Velociraptor,
    &evtxecmd::EvtxECmd,
    &hayabusa::Hayabusa,
    &get_winevent::GetWinEvent,
    &get_winevent_csv::GetWinEventCsv,
    &clixml::Clixml,
    &wevtutil_text::WevtutilText,
    &event_viewer::EventViewer,
    &snare::Snare,
    &xml_lines::XmlLines,
    &azure::Azure,
    &fluent_bit::FluentBit,
    &nxlog::Nxlog,
    &winlogbeat::Winlogbeat,
];

/// One shape of exported Windows events.
pub trait Export: Sync {
    /// The public name, as [`crate::normalize::SourceSummary::format`] has it.
    fn name(&self) -> &'static str;

    /// The containers in which it occurs.
    fn containers(&self) -> &'static [Container];

    /// How many of these records (for [`Container::Lines`]: lines) have this shape. Asked with the first
    /// ones of a source, and with a single one where a source changes its shape.
    fn recognize(&self, records: &[Record<'_>]) -> usize;

    /// Whether a line begins a record; the others continue the one before.
    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    /// What its records have lost.
    fn loses(&self) -> &'static [Loss];

    /// The smallest step of its stamps, in ticks.
    fn step_ticks(&self) -> i64 {
        1
    }

    /// Returns the reader of one source. `first` holds what stands at its beginning: whatever only many
    /// records together tell (which number of a date is the day) is found there.
    fn open(&self, file: &FileFacts, first: &[Record<'_>]) -> Box<dyn Reader>;

    /// Texts that this shape takes, and no other.
    fn samples(&self) -> &'static [Sample];
}

/// Reads the records of one source, one after the other.
pub trait Reader: Send {
    /// Says what one record came to.
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Exported;

    /// What the reader noticed over the whole of the source, once it is read.
    fn remarks(&self) -> Vec<(Code, &'static str)> {
        Vec::new()
    }
}

impl<F: Fn(&Record<'_>, &mut Context<'_>) -> Exported + Send> Reader for F {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Exported {
        self(record, context)
    }
}

/// What one record came to.
#[derive(Debug)]
pub enum Exported {
    /// An event, and how its instant is known.
    Event(Box<WindowsRecord>, Trust),
    /// Sound, and no event: a header that comes again, a line of counts.
    Nothing,
    /// Of this shape, but broken: how.
    Damaged(Code, &'static str),
    /// Not of this shape.
    Foreign,
}

/// What a shape does not keep of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// The number of the record in its log.
    RecordId,
    /// The computer; the path of the file has to tell.
    Computer,
    /// The log in which it stood.
    Channel,
    /// The provider, so that nothing can be understood.
    Provider,
    /// The level, or only a word for it in the language of the machine.
    Level,
    /// The activity that joins records of one logon.
    Activity,
    /// The account that the System part names.
    User,
    /// The names of the data; their order is kept.
    DataNames,
    /// The data; what the rendered text says of them is left.
    Data,
    /// The zone of the stamps.
    Zone,
    /// Events: it holds a choice of them, so nothing can be counted.
    Completeness,
}

/// What a reader may use for one record.
pub struct Context<'a> {
    /// The clock of the source.
    pub clock: &'a mut Clock,
    /// Shared texts.
    pub names: &'a mut Names,
}

impl Context<'_> {
    /// Reads a stamp: by the offset that it states, else by the zone of the source.
    pub fn instant(&mut self, text: &str, order: DateOrder) -> Option<(Timestamp, Trust)> {
        let (stamp, _) = stamp(text.trim(), order).filter(|(stamp, _)| stamp.has_time)?;
        Some(self.clock.instant(stamp))
    }

    /// Reads a stamp that is UTC where it states no offset, because its tool always writes UTC.
    pub fn instant_utc(&mut self, text: &str, order: DateOrder) -> Option<(Timestamp, Trust)> {
        let (stamp, _) = stamp(text.trim(), order).filter(|(stamp, _)| stamp.has_time)?;
        Some(self.clock.instant(Stamp { offset_s: stamp.offset_s.or(Some(0)), ..stamp }))
    }
}

/// Reads an event that stands as XML inside of another text; `message` where that has it beside.
pub(super) fn from_xml(xml: &str, message: Option<Name>) -> Exported {
    match event_xml(xml) {
        Some(record) => {
            let message = record.message.clone().or(message);
            Exported::stated(WindowsRecord { message, ..record })
        }
        None => Exported::Damaged(Code::RecordMalformed, "not a sound event in XML"),
    }
}

/// Returns the order of day and month that reads the most of these stamps; the month first if both do,
/// for day first is mostly written with points, which leave nothing open.
pub fn date_order(stamps: &[&str]) -> DateOrder {
    let read = |order| stamps.iter().filter(|text| stamp(text.trim(), order).is_some()).count();
    if read(DateOrder::DayFirst) > read(DateOrder::MonthFirst) { DateOrder::DayFirst } else { DateOrder::MonthFirst }
}

/// A text that a shape takes.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// How its records sit in it.
    pub container: Container,
    /// The path of the file.
    pub path: &'static str,
    /// The text.
    pub text: &'static str,
    /// What its records come to, one line each, as [`Exported::summary`] prints it.
    pub expected: &'static [&'static str],
}

/// Steps of stamps that shapes name.
pub(super) const MILLISECOND: i64 = TICKS_PER_SECOND / 1_000;

impl Exported {
    /// Returns an event that has its time, or says that it has none.
    pub(super) fn timed(mut record: WindowsRecord, time: Option<(Timestamp, Trust)>) -> Self {
        let Some((at, trust)) = time else {
            return Self::Damaged(Code::TimeUnreadable, "an event without a time that can be read");
        };
        record.time = Some(at);
        Self::Event(Box::new(record), trust)
    }

    /// Returns an event that states its instant itself, or says that it has none.
    pub(super) fn stated(record: WindowsRecord) -> Self {
        let time = record.time.map(|at| (at, Trust::Stated));
        Self::timed(record, time)
    }

    /// Returns the outcome in one line: what the samples state and compare.
    ///
    /// `provider id time channel #record computer level user | name=value ... | message`, with `-` for what
    /// is absent.
    pub fn summary(&self) -> String {
        let (record, trust) = match self {
            Self::Event(record, trust) => (record, trust),
            Self::Nothing => return "nothing".to_owned(),
            Self::Damaged(code, _) => return format!("damaged {}", code.name()),
            Self::Foreign => return "foreign".to_owned(),
        };
        let text = |name: &Option<Name>| name.as_deref().unwrap_or("-").to_owned();
        let mut line = format!(
            "{} {} {}{} {} #{} {} {} {} |",
            text(&record.provider),
            record.event_id,
            record.time.unwrap_or_default(),
            if *trust == Trust::Stated { "" } else { "?" },
            text(&record.channel),
            record.record_id.map_or("-".to_owned(), |number| number.to_string()),
            text(&record.computer),
            record.level.map_or("-".to_owned(), |level| level.to_string()),
            text(&record.user_sid),
        );
        for datum in &record.data {
            let (name, value) = (datum.name.as_deref().unwrap_or(""), datum.value.as_deref().unwrap_or("-"));
            line.extend([" ", name, "=", value]);
        }
        format!("{line} | {}", text(&record.message).replace('\n', "\\n"))
    }
}

/// Chooses the shape for the first records of a source: its place in [`EXPORTS`], and how many have it.
///
/// Of shapes that take nearly as many records, the first of the list.
pub fn choose(container: Container, first: &[Record<'_>]) -> Option<(usize, usize)> {
    let fits: Vec<usize> = EXPORTS
        .iter()
        .map(|export| if export.containers().contains(&container) { export.recognize(first) } else { 0 })
        .collect();
    let best = fits.iter().copied().max().filter(|best| *best > 0)?;
    fits.iter().position(|n_fits| n_fits * 10 >= best * 6).map(|index| (index, fits[index]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::clock::ZoneRule;
    use crate::normalize::format;
    use crate::normalize::testing::records;

    #[test]
    fn every_name_is_there_once() {
        let names: std::collections::BTreeSet<_> = EXPORTS.iter().map(|export| export.name()).collect();
        assert_eq!(names.len(), EXPORTS.len());
        assert!(EXPORTS.iter().all(|export| !export.samples().is_empty()));
        assert!(EXPORTS.iter().all(|export| format::FORMATS.iter().all(|format| format.name() != export.name())));
    }

    #[test]
    fn every_sample_is_taken_by_its_own_shape_and_means_what_it_says() {
        let mut wrong = Vec::new();
        for export in EXPORTS {
            for sample in export.samples() {
                let lines = records(sample.container, sample.text, &|_| true);
                let chosen = choose(sample.container, &lines).map(|(index, _)| EXPORTS[index].name());
                assert_eq!(chosen, Some(export.name()), "{}", sample.text);
                let file = FileFacts::new(sample.path);
                let mut reader = export.open(&file, &lines);
                let mut clock = Clock::new(ZoneRule::UTC, Trust::Guessed);
                let mut names = Names::new();
                let mut context = Context { clock: &mut clock, names: &mut names };
                let got: Vec<String> = records(sample.container, sample.text, &|line| export.starts_record(line))
                    .iter()
                    .map(|record| reader.read(record, &mut context).summary())
                    .collect();
                if got != sample.expected {
                    wrong.push(format!("{}:\n  got  {got:#?}\n  want {:#?}", export.name(), sample.expected));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_sample_cut_or_garbled_anywhere_ends_in_outcomes_and_never_in_a_panic() {
        let file = FileFacts::new("x");
        for export in EXPORTS.iter().filter(|export| export.containers().contains(&Container::Lines)) {
            for sample in export.samples().iter().filter(|sample| sample.container == Container::Lines) {
                for at in (0..sample.text.len()).filter(|at| sample.text.is_char_boundary(*at)) {
                    let (head, tail) = sample.text.split_at(at);
                    let tail = tail.chars().skip(1).collect::<String>();
                    for text in [head.to_owned(), format!("{head}\u{fffd}{tail}"), format!("{head}\n{tail}")] {
                        let lines = records(sample.container, &text, &|line| export.starts_record(line));
                        export.recognize(&lines);
                        let mut reader = export.open(&file, &lines);
                        let mut clock = Clock::new(ZoneRule::UTC, Trust::Guessed);
                        let mut context = Context { clock: &mut clock, names: &mut Names::new() };
                        let n_events = lines
                            .iter()
                            .filter(|record| matches!(reader.read(record, &mut context), Exported::Event(..)))
                            .count();
                        assert!(n_events <= sample.expected.len() + 1);
                    }
                }
            }
        }
    }

    #[test]
    fn no_shape_takes_the_sample_of_a_log_format() {
        for format in format::FORMATS {
            for sample in format.samples() {
                let lines = records(sample.container, sample.text, &|_| true);
                let chosen = choose(sample.container, &lines).map(|(index, _)| EXPORTS[index].name());
                assert_eq!(chosen, None, "{} takes {}", chosen.unwrap_or(""), sample.text);
            }
        }
    }

    #[test]
    fn a_reader_says_foreign_to_every_sample_of_another_shape() {
        for (export, other) in EXPORTS.iter().flat_map(|a| EXPORTS.iter().map(move |b| (a, b))) {
            for sample in other.samples().iter().filter(|_| export.name() != other.name()) {
                if !export.containers().contains(&sample.container) {
                    continue;
                }
                let lines = records(sample.container, sample.text, &|_| true);
                assert_eq!(export.recognize(&lines), 0, "{} takes {}", export.name(), sample.text);
            }
        }
    }
}
