//! Logs of containers: the runtime puts its own stamp before each line that the application wrote.
//!
//! The Container Runtime Interface writes `2022-08-22T06:15:01.123456789Z stdout F text`, Docker's `json-file`
//! driver `{"log":"text\n","stream":"stdout","time":"…"}`. The text has a format of its own: any of ours that
//! takes lines apart may read it. The outer stamp is the one that counts: it states its zone, and a text without
//! stamp has no other. A long line comes in parts, all but the last marked `P`, or without a line break at
//! its end; they are put together again.
//!
//! The layout of CRI is that of the Kubernetes design proposal "CRI: log management", that of Docker is in
//! "JSON File logging driver".

use super::{Context, Entry, FORMATS, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

/// A line put together is not longer than this; what is beyond is left out.
const JOINED_BYTES_MAX: usize = 64 << 10;

/// See the file.
pub(crate) struct Cri;
/// See the file.
pub(crate) struct DockerJson;

/// One line or part of a line, without what the runtime put around it.
#[derive(Clone, Copy)]
struct Piece<'t> {
    stamp: Stamp,
    is_error_stream: bool,
    is_part: bool,
    text: &'t str,
}

fn piece_of_line(line: &str) -> Option<Piece<'_>> {
    let (stamp, len) = stamp(line, DateOrder::DayFirst)?;
    stamp.offset_s?;
    let rest = line[len..].strip_prefix(' ')?;
    let is_error_stream = rest.starts_with("stderr ");
    let rest = rest.strip_prefix("stdout ").or_else(|| rest.strip_prefix("stderr "))?;
    let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let tag = tags.split(':').next().unwrap_or("");
    matches!(tag, "F" | "P").then_some(Piece { stamp, is_error_stream, is_part: tag == "P", text })
}

fn piece_of_object<'t>(object: &'t Object<'_>) -> Option<Piece<'t>> {
    let stream = object.get("stream").filter(|stream| matches!(*stream, "stdout" | "stderr"))?;
    let (text, time) = (object.get("log")?, object.get("time")?);
    let stamp = stamp(time, DateOrder::DayFirst)?.0;
    let whole = text.strip_suffix('\n');
    let text = whole.unwrap_or(text).trim_end_matches('\r');
    Some(Piece { stamp, is_error_stream: stream == "stderr", is_part: whole.is_none(), text })
}

/// The application's own line by a format of ours, those that take any stamp left out or not.
fn by_format(text: &str, generic_too: bool) -> Option<Entry<'_>> {
    let of_lines = FORMATS.iter().filter(|format| format.containers().contains(&Container::Lines));
    // A layer within a layer is none of an application.
    let mut others = of_lines.filter(|format| format.name() != Cri.name() && (generic_too || !format.is_generic()));
    // What a format calls damaged is here likelier not of it.
    let says = |entry: &Entry<'_>| matches!(entry.said, Said::Message(_) | Said::Request(_));
    others.find_map(|format| format.parse(text, DateOrder::MonthFirst).filter(says))
}

/// What the application's own line says; by a format of ours, else as a bare message.
fn inner(text: &str) -> Said<'_> {
    if let Some(entry) = by_format(text, true) {
        return entry.said;
    }
    let (severity, logger, message) = untimed(text).unwrap_or((Severity::Info, None, text));
    Said::Message(Line { severity, logger, message: message.into(), ..Line::default() })
}

/// The same with its stamp, where a line may have one: its own, or that of the runtime before it.
pub(super) fn inner_entry(text: &str) -> Option<Entry<'_>> {
    if let Some(entry) = by_format(text, false) {
        return Some(entry);
    }
    let of_runtime = stamp(text, DateOrder::DayFirst).filter(|(stamp, _)| stamp.offset_s.is_some() && stamp.has_time);
    if let Some((stamp, len)) = of_runtime
        && let Some(rest) = text[len..].strip_prefix(' ')
    {
        return Some(Entry { stamp, said: inner(rest) });
    }
    by_format(text, true)
}

/// A line without stamp: `fail: Shop.Login[20] text` as .NET's console writes it, `ERROR:shop.login:text` as
/// Python does without configuration, `[ERR] text` or `ERROR text`.
fn untimed(text: &str) -> Option<(Severity, Option<&str>, &str)> {
    let bare = text.trim_start_matches('[');
    let len = bare.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(bare.len());
    let severity = Severity::from_word(&bare[..len.min(12)]).filter(|_| len <= 12)?;
    let rest = bare[len..].trim_start_matches([']', ' ']);
    let Some(rest) = rest.strip_prefix(':') else { return Some((severity, None, rest)) };
    if let Some((logger, message)) = rest.split_once(':').filter(|(logger, _)| is_logger(logger)) {
        return Some((severity, Some(logger), message));
    }
    let rest = rest.trim_start();
    let category = rest.split(' ').next().unwrap_or("");
    if let Some((logger, id)) = category.strip_suffix(']').and_then(|category| category.split_once('['))
        && id.bytes().all(|b| b.is_ascii_digit())
    {
        return Some((severity, Some(logger), rest[category.len()..].trim_start()));
    }
    Some((severity, None, rest))
}

fn is_logger(word: &str) -> bool {
    (1..=128).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'$'))
}

/// Puts the parts of lines together, one stream beside the other.
#[derive(Default)]
struct ContainerParser {
    parts: [String; 2],
}

impl ContainerParser {
    fn say<'r>(&mut self, piece: Piece<'r>, context: &mut Context<'_>) -> Said<'r> {
        let at = context.clock.instant(piece.stamp);
        let parts = &mut self.parts[usize::from(piece.is_error_stream)];
        if piece.is_part || !parts.is_empty() {
            let left = JOINED_BYTES_MAX.saturating_sub(parts.len());
            parts.push_str(&piece.text[..piece.text.floor_char_boundary(left)]);
            if piece.is_part {
                return LineOutcome::Irrelevant(Some(at.0)).into();
            }
            let joined = std::mem::take(parts);
            return placed(inner(&joined), at).outcome(context).into();
        }
        placed(inner(piece.text), at)
    }
}

fn placed(mut said: Said<'_>, (at, trust): (crate::model::Timestamp, crate::model::Trust)) -> Said<'_> {
    match &mut said {
        Said::Message(line) => line.at = (at, Some(trust)),
        Said::Request(request) => request.at = (at, Some(trust)),
        Said::Several(_) | Said::Done(_) => {}
    }
    said
}

impl Parser for ContainerParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        match &record.body {
            Body::Text(text) => match piece_of_line(text) {
                Some(piece) => self.say(piece, context),
                None => LineOutcome::Foreign.into(),
            },
            Body::Json(object) => match piece_of_object(object) {
                Some(piece) => self.say(piece, context),
                None if object.get("log").is_some() && object.get("time").is_some() => {
                    LineOutcome::Damaged(Code::TimeUnreadable, "`time` is no time").into()
                }
                None => LineOutcome::Foreign.into(),
            },
            _ => LineOutcome::Foreign.into(),
        }
    }
}

impl LogFormat for Cri {
    fn name(&self) -> &'static str {
        "cri"
    }

    fn dataset(&self) -> &'static str {
        "container"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if self.starts_record(text))).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        piece_of_line(line).is_some()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(ContainerParser::default()))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "pods/gateway/0.log",
            text: "2022-08-22T06:15:01.123456789Z stdout F 2022/08/22 08:15:01 listening on 443\n\
                   2022-08-22T06:15:02.5Z stderr F 2022-08-22 08:15:02,500 - shop.login - ERROR - Login failed for user user001 on RDS01\n\
                   2022-08-22T06:15:03Z stderr F fail: Shop.Login[20] Login failed for user user002 on RDS01\n\
                   2022-08-22T06:15:04Z stdout P ERROR:shop.login:Login failed for us\n\
                   2022-08-22T06:15:04.1Z stdout F er user003 on RDS01\n\
                   2022-08-22T06:15:05Z stdout F 10.0.0.7 - user004 [22/Aug/2022:08:15:05 +0200] \"POST /login HTTP/1.1\" 500 12\n\
                   2022-08-22T06:15:06Z stdout F 10.0.0.7:80 - - [Mon, 22 Aug 2022 08:15:06 UTC] \"GET /healthz HTTP/1.1\" probe/1",
            expected: &[
                "irrelevant 2022-08-22T06:15:01.1234567Z",
                "Failure 2022-08-22T06:15:02.5Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:03Z user=user002 host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:04Z",
                "Failure 2022-08-22T06:15:04.1Z user=user003 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:05Z user=user004 host=- client=10.0.0.7 code=500",
                "irrelevant 2022-08-22T06:15:06Z",
            ],
        }]
    }
}

impl LogFormat for DockerJson {
    fn name(&self) -> &'static str {
        "docker-json"
    }

    fn dataset(&self) -> &'static str {
        "container"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &Record<'_>| matches!(&record.body, Body::Json(o) if piece_of_object(o).is_some());
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(ContainerParser::default()))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "containers/gateway-json.log",
            text: r#"{"log":"2022-08-22 08:15:01.1234|ERROR|Shop.Login|Login failed user=user001 target=RDS01\n","stream":"stdout","time":"2022-08-22T06:15:01.2Z"}
{"log":"warn: Shop.Pool[3] pool is","stream":"stderr","time":"2022-08-22T06:15:02Z"}
{"log":" small\n","stream":"stderr","time":"2022-08-22T06:15:03Z"}"#,
            expected: &[
                "Failure 2022-08-22T06:15:01.2Z user=user001 host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:02Z",
                "Other 2022-08-22T06:15:03Z user=- host=- client=- code=-",
            ],
        }]
    }
}
