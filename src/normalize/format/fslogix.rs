//! The Profile log of FSLogix: `[HH:MM:SS.mmm][tid:pppppppp.tttttttt][LEVEL:code] text`.
//!
//! A line has neither date nor zone. The date stands in the file's name and turns over at midnight; the
//! zone stands in the header that each day begins with (`System Time UTC+2`), beside the computer's name
//! and the version of the service. The lines of one logon or logoff stand between `Begin Session` and
//! `End Session` and are held together by process and thread; only some of them name the user.
//!
//! The code in the level box is a Win32 error or an HRESULT, in eight hexadecimal digits.
//!
//! Source: Microsoft Learn, "FSLogix troubleshooting: events, logs and diagnostics".

use std::collections::BTreeMap;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::identity::{canonical_host, canonical_user};
use crate::model::time::TICKS_PER_DAY;
use crate::model::{Action, Event, Name, Severity, Timestamp, Trust};
use crate::normalize::clock::{Civil, ZoneRule, day_ticks};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct FslogixProfile;

/// The product's name as its installer registers it, so that versions in logs and installations meet.
const COMPONENT: &str = "Microsoft FSLogix Apps";

struct Parts<'a> {
    ticks: i64,
    thread: &'a str,
    severity: Severity,
    code: Option<&'a str>,
    text: &'a str,
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let rest = line.strip_prefix('[')?;
    let (ticks, len) = day_ticks(rest)?;
    let rest = rest[len..].strip_prefix("][tid:")?;
    let (thread, rest) = rest.split_once("][")?;
    let (level, text) = rest.split_once(']')?;
    let (word, code) = match level.split_once(':') {
        Some((word, code)) => (word, Some(code.trim())),
        None => (level, None),
    };
    let severity = Severity::from_word(word.trim())?;
    Some(Parts { ticks, thread, severity, code, text: text.trim() })
}

impl LogFormat for FslogixProfile {
    fn name(&self) -> &'static str {
        "fslogix-profile"
    }

    fn dataset(&self) -> &'static str {
        "fslogix.profile"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if parts(text).is_some())).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        line.starts_with('[') && parts(line).is_some()
    }

    fn open(&self, file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        let mut parser =
            FslogixParser { day: file.date, last_ticks: None, host: None, rule: None, blocks: BTreeMap::new() };
        // The header names host and zone some lines below the first stamp that needs them.
        for record in first {
            if let Body::Text(text) = &record.body
                && let Some(parts) = parts(text)
            {
                parser.header(parts.text);
            }
        }
        Some(Box::new(parser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "RDS01/FSLogix/Logs/Profile/Profile-20220822.log",
            text: "[08:15:00.001][tid:000012ac.00000a95][INFO]             FSLogix Service Version: 2.9.8228.50276\n\
                   [08:15:00.001][tid:000012ac.00000a95][INFO]             Computer Name: rds01.corp.example\n\
                   [08:15:00.001][tid:000012ac.00000a95][INFO]             System Time UTC+2\n\
                   [08:15:00.100][tid:000012ac.00000b00][INFO]            ===== Begin Session: Logon\n\
                   [08:15:00.200][tid:000012ac.00000b00][INFO]              LoadProfile: user001. SID: S-1-5-21-1-2-3-1001. SessionId: 7\n\
                   [08:15:00.300][tid:000012ac.00000b00][WARN: 00000020]                Attach vhd(x) failed, file is locked: \\\\fs\\p\\x.vhdx (in use)\n\
                   [08:15:01.000][tid:000012ac.00000b00][ERROR:00000020]              LoadProfile failed. Version: 2.9.8228.50276 User: user001. SID: S-1-5-21-1-2-3-1001. SessionId: 7. FrxStatus: 31 (in use)\n\
                   [08:15:01.100][tid:000012ac.00000b00][INFO]            ===== End Session: Logon\n\
                   [23:59:59.000][tid:000012ac.00000c00][INFO]            ===== Begin Session: Logoff\n\
                   [23:59:59.100][tid:000012ac.00000c00][INFO]              UnloadProfile: user002. SID: S-1-5-21-1-2-3-1002. SessionId: 8\n\
                   [00:00:04.000][tid:000012ac.00000c00][WARN: 00000005]              Container refcount not zero, detach postponed",
            expected: &[
                "Other 2022-08-22T06:15:00.001Z user=- host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:00.001Z",
                "irrelevant 2022-08-22T06:15:00.001Z",
                "irrelevant 2022-08-22T06:15:00.1Z",
                "ProfileLoadBegin 2022-08-22T06:15:00.2Z user=user001 host=RDS01 client=- code=-",
                "Symptom 2022-08-22T06:15:00.3Z user=user001 host=RDS01 client=- code=0x00000020",
                "Failure 2022-08-22T06:15:01Z user=user001 host=RDS01 client=- code=0x00000020",
                "irrelevant 2022-08-22T06:15:01.1Z",
                "irrelevant 2022-08-22T21:59:59Z",
                "ProfileUnloadBegin 2022-08-22T21:59:59.1Z user=user002 host=RDS01 client=- code=-",
                "IncompleteClose 2022-08-22T22:00:04Z user=user002 host=RDS01 client=- code=0x00000005",
            ],
        }]
    }
}

/// What is known of the logon or logoff that a thread is at.
#[derive(Debug, Default)]
struct Block {
    is_logoff: bool,
    user: Option<Name>,
    sid: Option<Name>,
    session_id: Option<u32>,
    /// Warnings and errors so far: a failure's cause stands in the lines before it.
    troubles: String,
}

/// What a line of the header says.
enum Header<'a> {
    None,
    Version(&'a str),
    Other,
}

struct FslogixParser {
    day: Option<i64>,
    last_ticks: Option<i64>,
    host: Option<String>,
    /// The zone by the header, until the clock has it.
    rule: Option<ZoneRule>,
    blocks: BTreeMap<String, Block>,
}

impl FslogixParser {
    fn instant(&mut self, ticks: i64, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
        // Threads write out of order by seconds; a fall by half a day is midnight.
        if self.last_ticks.is_some_and(|last| last - ticks > TICKS_PER_DAY / 2) {
            self.day = self.day.map(|day| day + 1);
        }
        self.last_ticks = Some(ticks);
        Some(context.clock.local(Civil(self.day? * TICKS_PER_DAY + ticks)))
    }

    /// An event of the user whom the line or the thread's block names.
    fn event(&self, parts: &Parts<'_>, time: (Timestamp, Trust), action: Action, context: &mut Context<'_>) -> Event {
        let mut event = context.event(time, action);
        event.severity = parts.severity;
        event.activity_id = Some(context.names.intern(parts.thread));
        if let Some(host) = &self.host {
            event.host = Some(context.names.intern(host));
            event.host_trust = Trust::Stated;
        }
        if let Some(block) = self.blocks.get(parts.thread) {
            event.user.clone_from(&block.user);
            event.user_sid.clone_from(&block.sid);
            event.session_id = block.session_id;
        }
        if let Some(code) = parts.code.filter(|code| code.len() == 8) {
            event.error_code = Some(context.names.intern(&format!("0x{}", code.to_lowercase())));
        }
        event
    }

    /// Takes over user, SID and session that a line names.
    fn learn(&mut self, parts: &Parts<'_>, name: &str, context: &mut Context<'_>) {
        let block = self.blocks.entry(parts.thread.to_owned()).or_default();
        if let Some(user) = canonical_user(name.trim().trim_end_matches('.')) {
            block.user = Some(context.names.intern(&user));
        }
        if let Some(sid) = behind(parts.text, "SID: ").filter(|sid| sid.starts_with("S-1-")) {
            block.sid = Some(context.names.intern(sid));
        }
        block.session_id = behind(parts.text, "SessionId: ").and_then(|id| id.parse().ok()).or(block.session_id);
    }

    /// Reads a line of the header.
    fn header<'a>(&mut self, text: &'a str) -> Header<'a> {
        if let Some(name) = text.strip_prefix("Computer Name: ") {
            self.host = Some(canonical_host(name)).filter(|host| !host.is_empty());
            return Header::Other;
        }
        if let Some(at) = text.find("UTC").filter(|_| text.starts_with("System Time")) {
            self.rule = ZoneRule::named(text[at..].split(' ').next().unwrap_or(""));
            return Header::Other;
        }
        text.strip_prefix("FSLogix Service Version: ").map_or(Header::None, |version| Header::Version(version.trim()))
    }

    /// A line at WARN or ERROR: what it witnesses, and of whom.
    fn trouble(&mut self, parts: &Parts<'_>, time: (Timestamp, Trust), context: &mut Context<'_>) -> LineOutcome {
        let is_logoff = self.blocks.get(parts.thread).is_some_and(|block| block.is_logoff);
        let lower = parts.text.to_lowercase();
        let failed_load = lower.starts_with("loadprofile failed") || lower.starts_with("logon failed");
        let speaks_of_close =
            ["detach", "refcount", "unload", "release", "in use", "locked"].iter().any(|w| lower.contains(w));
        let failed_unload = lower.starts_with("unloadprofile failed") || (is_logoff && speaks_of_close);
        let action = match (failed_load, failed_unload) {
            (true, _) => Action::Failure,
            (_, true) => Action::IncompleteClose,
            _ => Action::Symptom,
        };
        if let Some(user) = named_user(parts.text) {
            self.learn(parts, user, context);
        }
        let mut event = self.event(parts, time, action, context);
        let mut whole = parts.text.to_owned();
        if let Some(code) = &event.error_code {
            whole = format!("{whole} {code}");
        }
        if action == Action::Failure {
            let troubles = self.blocks.get(parts.thread).map_or("", |block| block.troubles.as_str());
            whole.push_str(troubles);
            if let Some(version) = behind(parts.text, "Version: ") {
                event.component_version = Some((context.names.intern(COMPONENT), context.names.intern(version)));
            }
        }
        match context.gists.signatures().classify_text(context.dataset, parts.severity, &whole) {
            Some(hit) => {
                event.signature = Some(hit.id);
                event.fault = (action == Action::Failure).then_some(hit.fault);
            }
            None if action == Action::Failure || parts.severity >= Severity::Error || event.user.is_some() => {
                let tail = event.error_code.as_deref().unwrap_or("no-code").to_owned();
                event.signature = Some(context.names.intern(&format!("other-fslogix-{tail}")));
                event.fault = (action == Action::Failure).then_some(crate::model::Fault::Infrastructure);
            }
            // A warning outside a logon or logoff, which no signature knows: noise.
            None if action == Action::Symptom => return LineOutcome::Irrelevant(Some(time.0)),
            None => {}
        }
        event.message = Some(context.message(&whole));
        if let Some(block) = self.blocks.get_mut(parts.thread)
            && block.troubles.len() < 4_096
        {
            block.troubles.push('\n');
            block.troubles.push_str(parts.text);
        }
        LineOutcome::Event(Box::new(event))
    }
}

/// The word behind a mark, without the full stop that ends it.
fn behind<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let at = text.find(mark)? + mark.len();
    let word = text[at..].split(' ').next()?;
    Some(word.trim_end_matches('.')).filter(|word| !word.is_empty())
}

/// Whom `LoadProfile: NAME. SID: …` names; a name may hold blanks and points.
fn named<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(mark)?.trim_start();
    Some(rest.split(" SID:").next().unwrap_or(rest).trim().trim_end_matches('.'))
}

impl FslogixParser {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> LineOutcome {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign };
        let first = text.split('\n').next().unwrap_or(text);
        let Some(parts) = parts(first) else { return LineOutcome::Foreign };
        let header = self.header(parts.text);
        if let Some(rule) = self.rule.take() {
            context.clock.set(rule, Trust::Stated);
        }
        let Some(time) = self.instant(parts.ticks, context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "no date in the file's name");
        };
        if let Header::Version(version) = header {
            let mut event = self.event(&parts, time, Action::Other, context);
            event.component_version = Some((context.names.intern(COMPONENT), context.names.intern(version)));
            return LineOutcome::Event(Box::new(event));
        }
        if let Some(kind) = parts.text.strip_prefix("===== Begin Session:") {
            let is_logoff = kind.trim().eq_ignore_ascii_case("Logoff") || kind.trim().eq_ignore_ascii_case("Detach");
            self.blocks.insert(parts.thread.to_owned(), Block { is_logoff, ..Block::default() });
            return LineOutcome::Irrelevant(Some(time.0));
        }
        if parts.text.starts_with("===== End Session:") {
            self.blocks.remove(parts.thread);
            return LineOutcome::Irrelevant(Some(time.0));
        }
        if parts.severity >= Severity::Warn {
            return self.trouble(&parts, time, context);
        }
        let (action, name) = if let Some(name) = named(parts.text, "LoadProfile:") {
            (Action::ProfileLoadBegin, Some(name))
        } else if let Some(name) = named(parts.text, "UnloadProfile:") {
            (Action::ProfileUnloadBegin, Some(name))
        } else if parts.text.starts_with("LoadProfile successful") {
            (Action::ProfileLoadEnd, named_user(parts.text))
        } else if parts.text.starts_with("UnloadProfile successful") || parts.text.starts_with("unloadProfile time:") {
            (Action::ProfileUnloadEnd, named_user(parts.text))
        } else {
            return LineOutcome::Irrelevant(Some(time.0));
        };
        if let Some(name) = name {
            self.learn(&parts, name, context);
        }
        LineOutcome::Event(Box::new(self.event(&parts, time, action, context)))
    }
}

impl Parser for FslogixParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        self.read(record, context).into()
    }

    fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

fn named_user(text: &str) -> Option<&str> {
    let at = text.find("User: ")?;
    named(&text[at..], "User:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_points_and_blanks_are_kept() {
        assert_eq!(named("LoadProfile: anna.b. SID: S-1-5-21. SessionId: 3", "LoadProfile:"), Some("anna.b"));
        assert_eq!(named("LoadProfile: anna b. SID: S-1", "LoadProfile:"), Some("anna b"));
        assert_eq!(named_user("LoadProfile successful. User: anna.b. SID: S-1. SessionId: 3."), Some("anna.b"));
    }
}
