//! One source: which shape or format it has, what each of its records comes to, and the balance.

mod book;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::model::identity::canonical_host;
use crate::model::{ChangeRecord, Event, LoadSample, Name, Names, Position, Provenance, Timestamp, Trust};
use crate::normalize::Options;
use crate::normalize::clock::{Clock, DateOrder, ZoneRule};
use crate::normalize::duplicate::Identity;
use crate::normalize::file::{FileFacts, glob_fits};
use crate::normalize::format::{Context, Formats, LineOutcome, Parser, Said};
use crate::normalize::message::Gists;
use crate::normalize::order::{self, Decision};
use crate::normalize::plain::Plain;
use crate::normalize::summary::SourceSummary;
use crate::normalize::tally::Tally;
use crate::normalize::windows::export::{self, Export, Exported, Loss};
use crate::normalize::windows::{Catalog, Shapes, first_line_only};
use crate::normalize::zone::has_no_year;
use crate::read::{Body, Container, Encoding, How, Record, Selection, Source, WindowsRecord};

/// So many records are looked at before a format is chosen.
const N_FIRST: usize = 60;
/// Rows are gathered in greater number: a month of days may pass before a date tells which number is the day.
const N_FIRST_ROWS: usize = 2_000;
/// After so many records in a row that no format takes, only the chosen one is asked.
const N_STRANGERS_MAX: u64 = 1_000;

/// One record that is of use, with what it came to.
#[derive(Debug)]
pub(super) enum Kept {
    /// An event and the changes that it states; what tells it from others, for Windows events.
    Event(Option<Box<Event>>, Vec<ChangeRecord>, Option<Identity>),
    /// Readings of counters.
    Load(Vec<LoadSample>),
    /// Entries of a change list.
    Change(Vec<ChangeRecord>),
}

/// One source, understood by itself.
#[derive(Debug)]
pub(super) struct One {
    /// The summary; its balance adds up.
    pub(super) summary: SourceSummary,
    /// What its records came to, in their order.
    pub(super) kept: Vec<Kept>,
    /// What was wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What its path tells.
    pub(super) file: FileFacts,
    /// Whether stamps were read as UTC because nothing states their zone.
    pub(super) zone_is_open: bool,
    /// Whether stamps have no year, and 1972 stands for it.
    pub(super) year_is_open: bool,
    /// In which order its dates are read, where their numbers leave that open.
    pub(super) dates: Option<Decision>,
}

/// Says what becomes of what a record says.
pub(super) type Meaning<'a> = &'a mut dyn FnMut(Said<'_>, &mut Context<'_>) -> LineOutcome;

/// Reads one source to its end.
///
/// `digests` asks for the digest of its bytes; `date_order` is how it writes its dates, where that is known already.
pub(super) fn understand(
    source: &Source,
    options: &Options,
    selection: &Selection,
    digests: bool,
    date_order: Option<DateOrder>,
    meaning: Meaning<'_>,
) -> One {
    let as_lines = as_own_lines(source, &options.formats);
    let source = as_lines.as_ref().unwrap_or(source);
    let file = FileFacts::new(&source.name.path);
    let first = first_lines(source);
    let mut shapes = Shapes::new(source.container);
    let locked = if source.container == Container::Lines {
        choose(&options.formats, source.container, &first, &mut shapes)
    } else {
        None
    };
    let dates = match date_order {
        Some(_) => None,
        None => locked.and_then(|index| order::of_source(source, options.formats.at(index), &first, file.date)),
    };
    let (rule, trust) = zone_of(&source.name.path, options);
    let mut work = Work {
        source,
        options,
        selection,
        clock: Clock::new(rule, trust),
        names: Names::new(),
        no_channel: Name::default(),
        gists: Gists::new(options.signatures.clone()),
        shapes,
        locked,
        date_order: date_order.or(dates.as_ref().map(|dates| dates.order)),
        dates,
        parsers: BTreeMap::new(),
        waiting: Vec::new(),
        first,
        n_strangers_in_a_row: 0,
        tally: Tally::default(),
        kept: Vec::new(),
        file,
        own_host: None,
        meaning,
    };
    let shape = work.shapes.chosen();
    let starts = |line: &str| match (shape, locked) {
        (Some(shape), _) => shape.starts_record(line),
        (None, index) => index.is_none_or(|index| options.formats.at(index).starts_record(line)),
    };
    let is_known = shape.is_some() || locked.is_some();
    let how = How {
        selection,
        starts_record: (source.container == Container::Lines && is_known).then_some(&starts),
        recover: options.recover,
        digests,
    };
    let reading = source.records(&how, &mut |record| work.take(record));
    work.settle_format();
    work.close();
    work.finish(reading)
}

/// Chooses the shape of exported events that the first records have, else their format.
///
/// A shape is sure of what it takes. Still a format that takes far more of the records is the source's
/// own; the shape is then asked where that stops fitting.
fn choose(formats: &Formats, container: Container, first: &[Record<'_>], shapes: &mut Shapes) -> Option<usize> {
    let first = &first[..first.len().min(N_FIRST)];
    let format = formats.choose(container, first);
    if format.is_some_and(|index| formats.is_own(index)) {
        return format;
    }
    let n_exported = shapes.lock(first);
    if n_exported == 0 {
        return format;
    }
    let n_fits = format.map_or(0, |index| formats.at(index).recognize(first));
    if container == Container::Lines && n_exported * 10 < n_fits * 6 {
        shapes.unlock();
        return format;
    }
    None
}

/// The same source as a text of lines, if a format of the user takes its lines and it seemed to be something else.
fn as_own_lines(source: &Source, formats: &Formats) -> Option<Source> {
    let is_text = source.encoding != Encoding::Binary && source.container != Container::Lines;
    let lines = source.head.lines().filter(|line| !line.trim().is_empty()).take(N_FIRST);
    if formats.own().is_empty() || !is_text || formats.takes_lines(&lines).is_none() {
        return None;
    }
    let mut source = source.clone();
    source.container = Container::Lines;
    Some(source)
}

/// The first lines of a text of lines, each as a record of its own.
fn first_lines(source: &Source) -> Vec<Record<'static>> {
    if source.container != Container::Lines {
        return Vec::new();
    }
    source
        .head
        .lines()
        .filter(|line| !line.trim().is_empty())
        .zip(1..)
        .map(|(line, n)| Record { position: Position::Line(n), body: Body::Text(Cow::Owned(line.to_owned())) })
        .collect()
}

/// The zone that the options give to a path: the last pattern that fits, else the one without pattern.
fn zone_of(path: &str, options: &Options) -> (ZoneRule, Trust) {
    let fits = |pattern: &Option<String>| pattern.as_deref().is_none_or(|glob| glob_fits(glob, path));
    let particular = options.timezones.iter().rev().find(|(pattern, _)| pattern.is_some() && fits(pattern));
    let chosen = particular.or_else(|| options.timezones.iter().rev().find(|(pattern, _)| pattern.is_none()));
    match chosen.and_then(|(_, zone)| ZoneRule::named(zone)) {
        Some(rule) => (rule, Trust::Derived),
        None => (ZoneRule::UTC, Trust::Guessed),
    }
}

struct Work<'a> {
    source: &'a Source,
    options: &'a Options,
    selection: &'a Selection,
    clock: Clock,
    names: Names,
    /// The channel of what has none.
    no_channel: Name,
    gists: Gists,
    shapes: Shapes,
    /// The chosen format's place in the options' [`Formats`].
    locked: Option<usize>,
    date_order: Option<DateOrder>,
    dates: Option<Decision>,
    parsers: BTreeMap<usize, Box<dyn Parser>>,
    /// Records that wait for a format to be chosen.
    waiting: Vec<Record<'static>>,
    /// The records by which it was chosen.
    first: Vec<Record<'static>>,
    n_strangers_in_a_row: u64,
    tally: Tally,
    kept: Vec<Kept>,
    file: FileFacts,
    /// The host that the source itself names.
    own_host: Option<Name>,
    meaning: Meaning<'a>,
}

impl Work<'_> {
    /// Takes one record: at once if its meaning is plain, else when a format is chosen.
    fn take(&mut self, record: Record<'_>) {
        if let Body::Windows(windows) = &record.body {
            self.windows(windows, record.position, Trust::Stated, None);
            return;
        }
        if self.locked.is_some() || self.shapes.chosen().is_some() {
            self.understand(&record);
            return;
        }
        self.waiting.push(record.into_owned());
        let n_first = if self.source.container == Container::Table { N_FIRST_ROWS } else { N_FIRST };
        if self.waiting.len() >= n_first {
            self.settle_format();
        }
    }

    /// Chooses a shape or format for the records that wait, and reads them.
    fn settle_format(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return;
        }
        if self.locked.is_none() && self.shapes.chosen().is_none() {
            self.locked = choose(&self.options.formats, self.source.container, &waiting, &mut self.shapes);
        }
        if self.first.is_empty() {
            self.first.clone_from(&waiting);
        }
        for record in &waiting {
            self.understand(record);
        }
        // A format that begins later in the file is found when the next records have gathered.
    }

    /// Takes a Windows event: from EVTX or event XML, or from a shape in which it was exported.
    fn windows(
        &mut self,
        record: &WindowsRecord,
        position: Position,
        time_trust: Trust,
        export: Option<&'static dyn Export>,
    ) {
        let provenance = Provenance { source: self.source.name.id, position };
        let is_complete = export.is_none_or(|export| !export.loses().contains(&Loss::Completeness));
        let host = self.names.intern(&record.computer.as_deref().map(canonical_host).unwrap_or_default());
        if let Some(at) = record.time.filter(|_| is_complete) {
            let channel = record.channel.as_deref().map(|channel| self.names.intern(&channel.to_lowercase()));
            self.tally.see(at, &host, channel.as_ref().unwrap_or(&self.no_channel));
            // Only where every record comes by here; readers of EVTX and event XML count what nobody wants themselves.
            if let (Some(_), Some(number), Some(channel)) = (export, record.record_id, &channel) {
                self.tally.number(&host, channel, number, at);
            }
        }
        let provider = record.provider.as_deref().unwrap_or("");
        // Exports are decoded before their provider is known, so the selection is asked here.
        if !self.selection.wants(provider, record.event_id & 0xFFFF) {
            self.tally.n_irrelevant += 1;
            return;
        }
        let signatures = self.gists.signatures();
        let mut understood = Catalog::embedded().understand_by(signatures, record, provenance, &mut self.names);
        let outside = record.time.is_some_and(|at| self.is_outside(at, time_trust));
        let identity = understood.event.as_ref().map(|event| Identity {
            host: (!host.is_empty()).then_some(host),
            provider: event.provider.clone().unwrap_or_default(),
            code: event.code.unwrap_or_default(),
            at: event.at,
            time_trust,
            step_ticks: export.map_or(1, Export::step_ticks),
            number: event
                .channel
                .as_deref()
                .map(|channel| self.names.intern(&channel.to_lowercase()))
                .zip(record.record_id),
        });
        for change in &mut understood.changes {
            change.time_trust = time_trust;
        }
        // A choice of events proves what it holds, and no count: only what it states as a change is used.
        let event = understood.event.filter(|_| !outside && is_complete).map(|mut event| {
            event.time_trust = time_trust;
            Box::new(event)
        });
        if event.is_none() && understood.changes.is_empty() {
            self.tally.n_irrelevant += 1;
            return;
        }
        self.tally.n_kept += 1;
        self.kept.push(Kept::Event(event, understood.changes, identity));
    }

    /// Whether it is known already that an instant lies outside the asked span.
    fn is_outside(&self, at: Timestamp, trust: Trust) -> bool {
        let is_open = trust == Trust::Guessed && self.clock.n_without_year > 0 && has_no_year(at);
        !is_open && self.options.is_outside(at, trust)
    }

    /// Asks the chosen shape and format, then all others: a file may hold several.
    fn understand(&mut self, record: &Record<'_>) {
        let is_exported = self.shapes.chosen().is_some();
        if is_exported && self.exported(record) {
            return;
        }
        let mut outcome = match self.locked {
            Some(index) => self.ask(index, record),
            None => LineOutcome::Foreign,
        };
        if matches!(outcome, LineOutcome::Foreign) && !is_exported && self.exported(record) {
            return;
        }
        if matches!(outcome, LineOutcome::Foreign) && self.n_strangers_in_a_row < N_STRANGERS_MAX {
            let probe = first_line_only(record);
            let probe = std::slice::from_ref(&probe);
            let chosen = self.options.formats.choose(self.source.container, probe);
            if let Some(index) = chosen.filter(|index| self.may_change_to(*index)) {
                outcome = self.ask(index, record);
            }
        }
        if matches!(outcome, LineOutcome::Foreign) && self.is_rest_of_another_file(record) {
            outcome = LineOutcome::Irrelevant(None);
        }
        if matches!(outcome, LineOutcome::Foreign) {
            self.n_strangers_in_a_row += 1;
        } else {
            self.n_strangers_in_a_row = 0;
        }
        self.book(outcome, record.position);
    }

    /// Whether one line is enough to ask another format than the chosen one.
    fn may_change_to(&self, index: usize) -> bool {
        Some(index) != self.locked && (self.locked.is_some() || !self.options.formats.at(index).is_generic())
    }

    /// Takes a record that has a shape of exported events; says whether it has.
    fn exported(&mut self, record: &Record<'_>) -> bool {
        let mut context = export::Context { clock: &mut self.clock, names: &mut self.names };
        match self.shapes.read(record, &self.file, &self.first, &mut context) {
            Some((export, Exported::Event(windows, time_trust))) => {
                self.windows(&windows, record.position, time_trust, Some(export));
            }
            Some((_, Exported::Nothing)) => self.tally.n_irrelevant += 1,
            Some((_, Exported::Damaged(code, detail))) => self.damaged(code, record.position, detail),
            Some((_, Exported::Foreign)) | None => return false,
        }
        true
    }

    fn ask(&mut self, index: usize, record: &Record<'_>) -> LineOutcome {
        let formats = &self.options.formats;
        let format = formats.at(index);
        let own_order = self.date_order.filter(|_| self.locked == Some(index));
        let open = || {
            let file = FileFacts { date_order: own_order, ..self.file.clone() };
            format.open(&file, &self.first).unwrap_or_else(|| {
                let order = file.order(format, &self.first);
                Box::new(Plain::new(formats.handle(index), &file).with_order(order))
            })
        };
        let parser = self.parsers.entry(index).or_insert_with(open);
        let provenance = Provenance { source: self.source.name.id, position: record.position };
        let mut context = Context {
            clock: &mut self.clock,
            names: &mut self.names,
            gists: &mut self.gists,
            provenance,
            dataset: format.dataset(),
        };
        let said = parser.say(record, &mut context);
        (self.meaning)(said, &mut context)
    }

    /// Takes what the parsers have gathered and not yet said.
    fn close(&mut self) {
        let mut parsers = std::mem::take(&mut self.parsers);
        for (index, parser) in &mut parsers {
            let provenance = Provenance { source: self.source.name.id, position: Position::Line(0) };
            let dataset = self.options.formats.at(*index).dataset();
            let mut context =
                Context { clock: &mut self.clock, names: &mut self.names, gists: &mut self.gists, provenance, dataset };
            if let Some(outcome) = parser.finish(&mut context) {
                // Its records are counted already.
                self.settle(outcome, provenance.position);
            }
        }
        self.parsers = parsers;
    }
}
