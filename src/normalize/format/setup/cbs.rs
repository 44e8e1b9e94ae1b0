//! `CBS.log` and `dism.log`: what servicing did to Windows, `2017-03-10 10:24:32, Info                  CBS    text`.
//!
//! `Exec: Processing complete.  Session: …, Package: name~key~processor~language~version [HRESULT = 0x00000000 - S_OK]`
//! states a package that is in another state now, installed or removed; `Session: … finalized. Reboot required: yes`
//! follows it.
//!
//! The lines were compared with logs that Microsoft publishes in its articles on failed updates; no whole real log was
//! at hand.

use std::collections::BTreeMap;

use super::{Context, Entry, LineOutcome, LogFormat, Observed, Parser, Said, Sample};
use crate::model::{ChangeKind, Severity, Trust};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::plain::Plain;
use crate::normalize::summary::Role;
use crate::normalize::told::between;
use crate::read::{Container, Record};

/// Sessions that wait for their end.
const SESSIONS_MAX: usize = 64;

/// See the file.
pub(in super::super) struct Cbs;

impl LogFormat for Cbs {
    fn name(&self) -> &'static str {
        "cbs"
    }

    fn dataset(&self) -> &'static str {
        "windows.servicing"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(line, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = line[len..].strip_prefix(", ")?;
        let (level, rest) = rest.split_once("   ")?;
        let severity = match level {
            "Info" => Severity::Info,
            "Warning" => Severity::Warn,
            "Error" => Severity::Error,
            "Perf" | "Mark" => Severity::Debug,
            _ => return None,
        };
        let rest = rest.trim_start();
        let (part, message) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_part = (2..=12).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let line = Line { severity, logger: Some(part), message: message.trim_start().into(), ..Line::default() };
        is_part.then(|| Entry::message(stamp, line))
    }

    fn open(&self, file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        let plain = Plain::new(&Self, file).with_order(file.order(self, first));
        Some(Box::new(CbsParser { plain, packages: BTreeMap::new() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "RDS01/CBS.log",
            text: "2022-08-22 08:15:01, Info                  CBS    Exec: Processing started.  Session: 30579072_29806, Package: Package_for_KB5016616~31bf3856ad364e35~amd64~~19041.1889.1.7\n\
                   2022-08-22 08:15:02, Info                  CBS    Exec: Processing complete.  Session: 30579072_29806, Package: Package_for_KB5016616~31bf3856ad364e35~amd64~~19041.1889.1.7 [HRESULT = 0x00000000 - S_OK]\n\
                   2022-08-22 08:15:03, Info                  CBS    Session: 30579072_29806 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]\n\
                   2022-08-22 08:15:04, Info                  CBS    Exec: Processing complete.  Session: 30579073_29807, Package: Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.14393.0 [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]\n\
                   2022-08-22 08:15:05, Info                  CSI    00000012 [SR] Beginning Verify and Repair transaction",
            expected: &[
                "irrelevant 2022-08-22T08:15:01Z",
                "irrelevant 2022-08-22T08:15:02Z",
                "Update 2022-08-22T08:15:03Z KB5016616 19041.1889.1.7 Unstated",
                "irrelevant 2022-08-22T08:15:04Z",
                "irrelevant 2022-08-22T08:15:05Z",
            ],
        }]
    }
}

struct CbsParser {
    plain: Plain,
    /// The packages whose sessions have not ended yet.
    packages: BTreeMap<String, String>,
}

/// The short name and the version of a package's identity.
fn package(identity: &str) -> (&str, Option<&str>) {
    let mut parts = identity.split('~');
    let name = parts.next().unwrap_or(identity);
    let version = parts.nth(3).filter(|version| !version.is_empty());
    let kb = name.strip_prefix("Package_for_").filter(|rest| {
        let digits = rest.strip_prefix("KB").unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    (kb.unwrap_or(name), version)
}

impl Parser for CbsParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let said = self.plain.say(record, context);
        let Said::Message(line) = &said else { return said };
        let Some(session) = between(&line.message, "Session: ", &[',', ' ']) else {
            // Servicing speaks of its own work, never of people.
            return LineOutcome::Irrelevant(Some(line.at.0)).into();
        };
        let is_done = line.message.contains("[HRESULT = 0x00000000");
        if line.message.starts_with("Exec: Processing complete.") && is_done {
            if let Some(identity) = between(&line.message, "Package: ", &[' ', ','])
                && self.packages.len() < SESSIONS_MAX
                && session.len() + identity.len() <= 512
            {
                self.packages.insert(session.to_owned(), identity.to_owned());
            }
        } else if line.message.contains(" finalized.")
            && let Some(identity) = self.packages.remove(session).filter(|_| is_done)
        {
            let at = (line.at.0, line.at.1.unwrap_or(Trust::Stated));
            let (component, version) = package(&identity);
            let needs_restart = line.message.contains("Reboot required: yes");
            let found = Observed { component, version, needs_restart, note: None };
            return found.outcome(at, ChangeKind::Update, context).into();
        }
        LineOutcome::Irrelevant(Some(line.at.0)).into()
    }
}
