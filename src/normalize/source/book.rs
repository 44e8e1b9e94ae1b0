//! What a record came to is kept or counted, and the balance of the source is drawn.

use std::collections::BTreeSet;

use super::{Kept, One, Work};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::identity::canonical_host;
use crate::model::{Name, Position, Provenance, Timestamp, Trust};
use crate::normalize::clock::ZoneRule;
use crate::normalize::format::LineOutcome;
use crate::normalize::summary::{Role, SourceSummary, Zone};
use crate::read::{Body, Container, Record};

/// Under what a record counts; of its parts, the last of this list that one of them has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Share {
    Irrelevant,
    Damaged,
    Kept,
}

impl Work<'_> {
    /// Books what a record came to.
    pub(super) fn book(&mut self, outcome: LineOutcome, position: Position) {
        match self.settle(outcome, position) {
            Share::Irrelevant => self.tally.n_irrelevant += 1,
            Share::Damaged => self.tally.n_damaged += 1,
            Share::Kept => self.tally.n_kept += 1,
        }
    }

    /// Keeps what is of use, and says under what the record counts.
    pub(super) fn settle(&mut self, outcome: LineOutcome, position: Position) -> Share {
        match outcome {
            LineOutcome::Event(event) => {
                self.see(event.at, event.host.as_ref());
                if self.is_outside(event.at, event.time_trust) {
                    return Share::Irrelevant;
                }
                self.kept.push(Kept::Event(Some(event), Vec::new(), None));
                Share::Kept
            }
            LineOutcome::Load(mut samples) => {
                let at = samples.first().map(|sample| sample.at).unwrap_or_default();
                let hosts: BTreeSet<Option<Name>> = samples.iter().map(|sample| sample.host.clone()).collect();
                for host in &hosts {
                    self.see(at, host.as_ref());
                }
                samples.retain(|sample| !self.is_outside(sample.at, sample.time_trust));
                if samples.is_empty() {
                    return Share::Irrelevant;
                }
                self.kept.push(Kept::Load(samples));
                Share::Kept
            }
            LineOutcome::Change(changes) => {
                for change in &changes {
                    self.tally.span_to(change.at);
                }
                self.kept.push(Kept::Change(changes));
                Share::Kept
            }
            LineOutcome::Several(parts) => {
                parts.into_iter().map(|part| self.settle(part, position)).max().unwrap_or(Share::Irrelevant)
            }
            LineOutcome::Irrelevant(at) => {
                if let Some(at) = at {
                    self.see(at, None);
                }
                Share::Irrelevant
            }
            LineOutcome::Damaged(code, detail) => self.defect(code, position, detail),
            // The whole source is not understood; it is named once, at the end.
            LineOutcome::Foreign if self.locked.is_none() && self.shapes.chosen().is_none() => Share::Damaged,
            LineOutcome::Foreign => self.defect(Code::RecordMalformed, position, "not of the format of its source"),
        }
    }

    /// Counts a record for its host and hour. Hosts that records do not name are filled in later; until then that
    /// of the source or the empty name stands for them.
    fn see(&mut self, at: Timestamp, host: Option<&Name>) {
        if let Some(host) = host {
            self.tally.see(at, host, &self.no_channel);
            return;
        }
        let own_host = self.parsers.values().find_map(|parser| parser.host()).unwrap_or("");
        // Mostly there is none; comparing nothing with nothing costs a call for each record.
        let is_known = self
            .own_host
            .as_deref()
            .is_some_and(|known| known.len() == own_host.len() && (known.is_empty() || known == own_host));
        if !is_known {
            self.own_host = Some(self.names.intern(own_host));
        }
        if let Some(own_host) = &self.own_host {
            self.tally.see(at, own_host, &self.no_channel);
        }
    }

    /// Whether a record is the rest of one whose head stands in the file before, for a log is cut where it is
    /// full: it comes first, and one of its lines is set in or goes on with an exception.
    pub(super) fn is_rest_of_another_file(&mut self, record: &Record<'_>) -> bool {
        let is_first = self.tally.n_kept + self.tally.n_irrelevant + self.tally.n_damaged == 0;
        let Body::Text(text) = &record.body else { return false };
        let goes_on =
            |line: &str| line.starts_with([' ', '\t']) || line.starts_with("Caused by: ") || line.starts_with("--- ");
        let is_rest = is_first && self.locked.is_some() && text.lines().any(goes_on);
        if is_rest {
            let place = Provenance { source: self.source.name.id, position: record.position };
            let detail = "begins inside a record whose head is not in the file";
            let diagnostic = Diagnostic::new(Code::SourceIncomplete, &self.source.name.path, Some(place), detail);
            self.tally.diagnostics.push(diagnostic);
        }
        is_rest
    }

    fn defect(&mut self, code: Code, position: Position, detail: &str) -> Share {
        let place = Provenance { source: self.source.name.id, position };
        self.tally.diagnostics.push(Diagnostic::new(code, &self.source.name.path, Some(place), detail));
        Share::Damaged
    }

    pub(super) fn damaged(&mut self, code: Code, position: Position, detail: &str) {
        self.defect(code, position, detail);
        self.tally.n_damaged += 1;
    }

    pub(super) fn finish(mut self, reading: crate::read::Reading) -> One {
        let path = &self.source.name.path;
        self.tally.settle_hour();
        self.tally.diagnostics.extend(reading.diagnostics.iter().cloned());
        for ((host, channel, hour), count) in &reading.unselected_hours {
            let host = self.names.intern(&canonical_host(host));
            let channel = self.names.intern(&channel.to_lowercase());
            count.add_to(&mut self.tally.hours, (host, channel, *hour));
        }
        if let Some((start, end)) = reading.unselected_span {
            self.tally.span_to(start);
            self.tally.span_to(end);
        }
        let n_irrelevant = self.tally.n_irrelevant + reading.n_unselected();
        let n_damaged = self.tally.n_damaged + reading.n_damaged;
        let (format, role) = self.format_and_role();
        if role == Role::Unknown {
            self.tally.diagnostics.push(Diagnostic::new(Code::SourceNotUnderstood, path, None, "no known format"));
        }
        if self.clock.n_ambiguous > 0 {
            let mut ambiguous =
                Diagnostic::new(Code::TimeAmbiguous, path, None, "local times that the clock showed twice or never");
            ambiguous.count = self.clock.n_ambiguous;
            self.tally.diagnostics.push(ambiguous);
        }
        for (code, detail) in self.shapes.remarks() {
            self.tally.diagnostics.push(Diagnostic::new(code, path, None, detail));
        }
        let local = self.clock.n_local > 0;
        let zone = if local {
            Zone { name: self.clock.rule().name(), trust: self.clock.trust() }
        } else {
            let stated = self.clock.last_offset_s.map_or(ZoneRule::UTC, ZoneRule::Fixed);
            Zone { name: stated.name(), trust: Trust::Stated }
        };
        let hosts: BTreeSet<Name> =
            self.tally.hours.keys().map(|(host, ..)| host).filter(|host| !host.is_empty()).cloned().collect();
        let year_is_open = self.clock.n_without_year > 0;
        let mut numbers = self.tally.numbers;
        if let (Some(host), Some(channel), true) = (hosts.first(), only_channel(&self.kept), hosts.len() == 1) {
            numbers.entry((host.clone(), channel)).or_insert(reading.numbers);
        }
        let summary = SourceSummary {
            id: self.source.name.id,
            path: path.clone(),
            n_bytes: reading.n_bytes,
            sha256: reading.sha256,
            format,
            role,
            encoding: self.source.encoding.name(),
            host_trust: if hosts.is_empty() { Trust::Guessed } else { Trust::Stated },
            hosts: hosts.into_iter().collect(),
            zone,
            span: self.tally.span,
            n_records: self.tally.n_kept + n_irrelevant + n_damaged,
            n_kept: self.tally.n_kept,
            n_irrelevant,
            n_damaged,
            n_walked: reading.n_walked,
            hours: self.tally.hours,
            numbers,
            gaps: Vec::new(),
        };
        One {
            summary,
            kept: self.kept,
            diagnostics: self.tally.diagnostics.into_vec(),
            zone_is_open: local && self.clock.trust() == Trust::Guessed,
            year_is_open,
            dates: self.dates,
            file: self.file,
        }
    }

    fn format_and_role(&self) -> (String, Role) {
        if let Some(export) = self.shapes.chosen() {
            return (export.name().to_owned(), Role::Events);
        }
        match (self.source.container, self.locked) {
            (Container::Evtx, _) => ("evtx".to_owned(), Role::Events),
            (Container::EventXml, _) => ("event-xml".to_owned(), Role::Events),
            (_, Some(index)) => {
                let format = self.options.formats.at(index);
                (format.name().to_owned(), format.role())
            }
            (_, None) => ("unknown".to_owned(), Role::Unknown),
        }
    }
}

/// The channel, in lower case, if all events are of one: then the records that are only counted are of it as well.
fn only_channel(kept: &[Kept]) -> Option<Name> {
    let mut channels = kept.iter().filter_map(|kept| match kept {
        Kept::Event(Some(event), ..) => event.channel.as_deref(),
        _ => None,
    });
    let first = channels.next()?;
    channels.all(|other| other == first).then(|| Name::from(first.to_lowercase()))
}
