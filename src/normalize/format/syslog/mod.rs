//! Syslog as RFC 3164 and RFC 5424 have it, as rsyslog writes it to files, and as `journalctl -o short*` prints it.
//!
//! `<pri>` is absent in files. A stamp without year takes it from the file's name or, later, from the other
//! sources. `last message repeated N times` stands for N messages more. What programs say of logons,
//! [`logon`] knows.
//!
//! Sources: RFC 3164, RFC 5424, RFC 6587 (octet counts); journalctl(1).

mod logon;

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::json_lines::epoch;
use super::{Context, Entry, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::plain::Plain;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Syslog;

/// So many events a source may stand for others of which only the number is told.
const REPEATED_MAX: u32 = 100_000;

/// The parts of one line.
#[derive(Debug)]
pub(super) struct Frame<'t> {
    /// When it was written.
    pub(super) stamp: Stamp,
    /// By its priority.
    pub(super) severity: Option<Severity>,
    /// Who wrote it.
    pub(super) host: Option<&'t str>,
    /// The program.
    pub(super) tag: &'t str,
    /// What it said.
    pub(super) message: &'t str,
}

/// The level that a priority holds in its last three bits.
fn severity(priority: u32) -> Severity {
    match priority % 8 {
        0 | 1 => Severity::Fatal,
        2 => Severity::Critical,
        3 => Severity::Error,
        4 => Severity::Warn,
        7 => Severity::Debug,
        _ => Severity::Info,
    }
}

/// `<34>`, perhaps behind the count of octets that RFC 6587 puts before a message.
fn priority(line: &str) -> (Option<u32>, &str) {
    let bytes = line.as_bytes();
    let n_digits = bytes.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    let from = if n_digits > 0 && bytes.get(n_digits) == Some(&b' ') { n_digits + 1 } else { 0 };
    if bytes.get(from) != Some(&b'<') {
        return (None, line);
    }
    let n_digits = bytes[from + 1..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let end = from + 1 + n_digits;
    match line[from + 1..end].parse() {
        Ok(priority) if bytes.get(end) == Some(&b'>') && priority < 192 => (Some(priority), &line[end + 1..]),
        _ => (None, line),
    }
}

/// Takes a line apart.
pub(super) fn frame(line: &str) -> Option<Frame<'_>> {
    let (priority, rest) = priority(line);
    if priority.is_some() && rest.starts_with("1 ") {
        return structured(priority.map(severity), &rest[2..]);
    }
    let (stamp, rest, is_named) = written(rest)?;
    let (host, rest) = host(rest)?;
    let (tag, message, has_pid) = tag(rest);
    let sure = priority.is_some() || is_named;
    if host.is_some_and(|host| Severity::from_word(host).is_some()) && priority.is_none()
        || !sure && (host.is_none() || tag.is_empty() || !has_pid && !rest.as_bytes().contains(&b':'))
    {
        return None;
    }
    Some(Frame { stamp, severity: priority.map(severity), host, tag, message })
}

/// The stamp, what follows the blank behind it, and whether months have names, as only syslog has them there.
fn written(text: &str) -> Option<(Stamp, &str, bool)> {
    let first = *text.as_bytes().first()?;
    if first.is_ascii_digit() && text.as_bytes().get(10) == Some(&b'.') {
        let end = text.find(' ').filter(|end| *end <= 20)?;
        return Some((epoch(&text[..end])?, &text[end + 1..], false));
    }
    let (stamp, len) = stamp(text, DateOrder::MonthFirst).filter(|(stamp, _)| stamp.has_time)?;
    let mut rest = text.get(len..)?;
    let is_named = first.is_ascii_alphabetic();
    if first.is_ascii_digit() && (text.as_bytes().get(10) != Some(&b'T') || stamp.offset_s.is_none()) {
        return None;
    }
    if is_named && text.as_bytes().get(3) == Some(&b' ') && text.as_bytes().get(4).is_some_and(u8::is_ascii_digit) {
        // `journalctl -o short-full`: `Mon 2022-08-22 08:15:01 CEST host …`; many zones share an abbreviation.
        if text.as_bytes().get(8) == Some(&b'-') {
            let zone = rest.strip_prefix(' ')?;
            let n_letters = zone.bytes().take_while(u8::is_ascii_uppercase).count();
            if (3..=5).contains(&n_letters) && zone.as_bytes().get(n_letters) == Some(&b' ') {
                rest = &zone[n_letters..];
            }
            return Some((stamp, rest.strip_prefix(' ')?, false));
        }
    } else if is_named && text.get(..9).is_some_and(|head| head.bytes().filter(u8::is_ascii_alphabetic).count() > 3) {
        return None;
    }
    let rest = rest.strip_prefix(':').unwrap_or(rest).strip_prefix(' ')?;
    (!rest.starts_with(' ')).then_some((stamp, rest, is_named))
}

/// The host, unless the program stands in its place; `None` if neither can begin so.
fn host(rest: &str) -> Option<(Option<&str>, &str)> {
    let end = memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
    let word = &rest[..end];
    if word.is_empty() {
        return None;
    }
    let is_host = word.len() <= 255
        && !word.ends_with(':')
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'))
        && word.bytes().any(|b| b.is_ascii_alphanumeric());
    Some(if is_host { (Some(word), rest.get(end + 1..).unwrap_or("")) } else { (None, rest) })
}

/// `sshd[7]: text`: the program, the text, and whether the program has its number.
fn tag(rest: &str) -> (&str, &str, bool) {
    let len = rest
        .bytes()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'(' | b')' | b'%'))
        .count();
    let (tag, mut behind) = rest.split_at(len);
    let mut has_pid = false;
    if let Some(end) =
        behind.strip_prefix('[').and_then(|inner| memchr::memchr(b']', &inner.as_bytes()[..inner.len().min(21)]))
    {
        has_pid = true;
        behind = &behind[end + 2..];
    }
    match behind.strip_prefix(':') {
        Some(message) if !tag.is_empty() => (tag, message.trim_start(), has_pid),
        _ if has_pid && !tag.is_empty() => (tag, behind.trim_start(), has_pid),
        _ => ("", rest, false),
    }
}

/// RFC 5424 behind its version: `stamp host app procid msgid [data] text`; `-` is nothing.
fn structured(severity: Option<Severity>, rest: &str) -> Option<Frame<'_>> {
    let mut behind = rest;
    let mut word = || {
        let end = memchr::memchr(b' ', behind.as_bytes())?;
        let word = &behind[..end];
        behind = &behind[end + 1..];
        Some(word)
    };
    let (time, host, app) = (word()?, word()?, word()?);
    let (_procid, _msgid) = (word()?, word()?);
    let (stamp, _) = stamp(time, DateOrder::MonthFirst).filter(|(stamp, _)| stamp.has_time)?;
    let len = if behind.starts_with('-') { 1 } else { data_len(behind)? };
    let message = behind[len..].trim_start();
    let message = message.strip_prefix('\u{feff}').unwrap_or(message);
    let told = |word: &'_ str| word != "-";
    Some(Frame {
        stamp,
        severity,
        host: Some(host).filter(|h| told(h)),
        tag: if told(app) { app } else { "" },
        message,
    })
}

/// How long the elements of structured data are; in their values `"`, `\` and `]` are escaped.
fn data_len(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while bytes.get(at) == Some(&b'[') {
        let mut in_quotes = false;
        loop {
            at += 1;
            match bytes.get(at)? {
                b'\\' if in_quotes => at += 1,
                b'"' => in_quotes = !in_quotes,
                b']' if !in_quotes => break,
                _ => {}
            }
        }
        at += 1;
    }
    (at > 0 && text.is_char_boundary(at)).then_some(at)
}

/// What a program says.
pub(super) fn line<'t>(frame: &Frame<'t>) -> Line<'t> {
    Line {
        severity: frame.severity.unwrap_or_default(),
        logger: Some(frame.tag),
        host: frame.host,
        message: Cow::Borrowed(frame.message),
        more: Some(logon::understand),
        ..Line::default()
    }
}

/// `last message repeated 3 times`, `message repeated 3 times: [ … ]`: how often, and the message if it is told.
fn repeated(message: &str) -> Option<(u32, Option<&str>)> {
    static NOTE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("message repeated "));
    let at = NOTE.find(&message.as_bytes()[..message.len().min(40)])?;
    let behind = &message[at + 17..];
    let (number, rest) = behind.split_once(' ')?;
    let told = rest.strip_prefix("times: [").and_then(|told| told.trim_end().strip_suffix(']'));
    rest.starts_with("time").then_some((number.parse().ok()?, told.map(str::trim)))
}

impl LogFormat for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }

    fn dataset(&self) -> &'static str {
        "syslog"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, _order: DateOrder) -> Option<Entry<'t>> {
        let frame = frame(text)?;
        Some(Entry::message(frame.stamp, line(&frame)))
    }

    fn starts_record(&self, line: &str) -> bool {
        frame(line).is_some()
    }

    fn open(&self, file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(SyslogParser { plain: Plain::new(&Self, file), last: Last::default(), n_left: REPEATED_MAX }))
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
    }
}

struct SyslogParser {
    plain: Plain,
    last: Last,
    n_left: u32,
}

/// The last message, for a note that it came again.
#[derive(Default)]
struct Last {
    severity: Severity,
    host: String,
    tag: String,
    message: String,
}

impl Last {
    fn remember(&mut self, line: &Line<'_>) {
        self.severity = line.severity;
        let host = (&mut self.host, line.host.unwrap_or(""));
        let tag = (&mut self.tag, line.logger.unwrap_or(""));
        for (own, text) in [host, tag, (&mut self.message, &line.message)] {
            if own != text {
                own.clear();
                own.push_str(text);
            }
        }
    }

    fn is_of(&self, host: &str) -> bool {
        self.host.is_empty() || host.is_empty() || self.host == host
    }

    fn line(&self) -> Line<'_> {
        Line {
            severity: self.severity,
            logger: Some(&self.tag),
            host: Some(&*self.host).filter(|host| !host.is_empty()),
            message: Cow::Borrowed(&self.message),
            more: Some(logon::understand),
            ..Line::default()
        }
    }
}

impl Parser for SyslogParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let line = match self.plain.say(record, context) {
            Said::Message(line) => line,
            other => {
                let is_note = matches!(&record.body, Body::Text(text) if text.starts_with("-- "));
                return if is_note { LineOutcome::Irrelevant(None).into() } else { other };
            }
        };
        let Some((n, told)) = repeated(&line.message) else {
            self.last.remember(&line);
            return Said::Message(line);
        };
        let mut again = match told {
            Some(told) => Line { message: Cow::Borrowed(told), ..line.clone() },
            None if self.last.is_of(line.host.unwrap_or("")) => self.last.line(),
            None => return LineOutcome::Irrelevant(Some(line.at.0)).into(),
        };
        again.at = line.at;
        match Said::Message(again).outcome(context) {
            // Several events in place of those of which only the number is told.
            LineOutcome::Event(event) => {
                let n = n.min(self.n_left);
                self.n_left -= n;
                LineOutcome::Several((0..n).map(|_| LineOutcome::Event(event.clone())).collect()).into()
            }
            other => other.into(),
        }
    }
}

const SAMPLES: &[Sample] = &[
    Sample {
        container: Container::Lines,
        path: "syslog-20221231.log",
        text: "Dec 31 23:59:59 gw01 sshd[7]: Accepted password for user001 from 10.0.0.7 port 22 ssh2\n\
               Jan  1 00:00:01 gw01 CRON[8]: pam_unix(cron:session): session opened for user root by (uid=0)\n\
               Jan  1 00:00:02 gw01 sshd[9]: Failed password for invalid user user002 from 10.0.0.8 port 4711 ssh2\n\
               Jan  1 00:00:09 gw01 last message repeated 2 times\n\
               Jan  1 00:00:10 gw01 sshd[9]: message repeated 2 times: [ Failed password for user003 from 10.0.0.9 port 1 ssh2]\n\
               Jan  1 00:00:11 gw01 login: FAILED LOGIN 1 FROM tty1 FOR user004, Authentication failure",
        expected: &[
            "Success 2022-12-31T23:59:59Z user=user001 host=GW01 client=10.0.0.7 code=-",
            "irrelevant 2023-01-01T00:00:01Z",
            "Failure 2023-01-01T00:00:02Z user=user002 host=GW01 client=10.0.0.8 code=-",
            "Failure 2023-01-01T00:00:09Z user=user002 host=GW01 client=10.0.0.8 code=- + Failure 2023-01-01T00:00:09Z user=user002 host=GW01 client=10.0.0.8 code=-",
            "Failure 2023-01-01T00:00:10Z user=user003 host=GW01 client=10.0.0.9 code=- + Failure 2023-01-01T00:00:10Z user=user003 host=GW01 client=10.0.0.9 code=-",
            "Failure 2023-01-01T00:00:11Z user=user004 host=GW01 client=- code=-",
        ],
    },
    Sample {
        container: Container::Lines,
        path: "capture.log",
        text: "<34>1 2022-08-22T08:15:01.5+02:00 gw01.corp.example portal 7 ID47 [a@1 k=\"x\\\"y\\]z\"][b@1] \u{feff}login failed for user user001 from 10.0.0.7\n\
               98 <165>1 2022-08-22T06:15:02Z gw01 portal - - - session opened for user user002\n\
               <13>Aug 22 08:15:03 gw01 portal[9]: listening",
        expected: &[
            "Failure 2022-08-22T06:15:01.5Z user=user001 host=GW01 client=10.0.0.7 code=-",
            "Success 2022-08-22T06:15:02Z user=user002 host=GW01 client=- code=-",
            "irrelevant 1972-08-22T08:15:03Z",
        ],
    },
    Sample {
        container: Container::Lines,
        path: "messages",
        text: "2022-08-22T08:15:01.25+02:00 rds09 xrdp-sesman[7]: [INFO ] AUTHFAIL: user=user001 ip=10.0.0.7 time=1661148901\n\
               2022-08-22T08:15:02+0200 rds09 xrdp-sesman[7]: [INFO ] ++ created session (access granted): username user001, ip 10.0.0.7:4711 - socket: 12\n\
               1661148903.250000 rds09 pam_winbind(xrdp-sesman:auth)[3]: user 'CORP\\user002' denied access (incorrect password or invalid membership)\n\
               Mon 2022-08-22 08:15:04 CEST rds09 kernel: eth0 is up",
        expected: &[
            "Failure 2022-08-22T06:15:01.25Z user=user001 host=RDS09 client=10.0.0.7 code=-",
            "Success 2022-08-22T06:15:02Z user=user001 host=RDS09 client=10.0.0.7 code=-",
            "Failure 2022-08-22T06:15:03.25Z user=user002 host=RDS09 client=- code=-",
            "irrelevant 2022-08-22T06:15:04Z",
        ],
    },
];
