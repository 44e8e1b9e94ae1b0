//! Logs of several containers in one text: `docker compose logs` puts `name-1  | ` before each line, `kubectl logs
//! --prefix` puts `[pod/name/container] `.
//!
//! Behind it stands the application's own line, in any of our formats of lines, or the time of the runtime
//! (`--timestamps`) and then that line. A line without a time has none: the one before may be of hours ago. Only an
//! indented line behind one of the same container continues that.
//!
//! Real lines of compose are `logfile_docker_compose_with_noise.0` of lnav; of kubectl no real log was at hand.

use std::collections::BTreeMap;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample, container};
use crate::diagnostic::Code;
use crate::model::Timestamp;
use crate::normalize::file::FileFacts;
use crate::normalize::plain::Plain;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// So many containers are told apart.
const CONTAINERS_MAX: usize = 256;

/// See the file.
pub(crate) struct Compose;

/// The name of the container, and its own line.
fn parts(line: &str) -> Option<(&str, &str)> {
    if let Some(inner) = line.strip_prefix("[pod/") {
        let (name, text) = inner.split_once(']').filter(|(name, _)| name.contains('/') && !name.contains(' '))?;
        return Some((name, text.strip_prefix(' ').unwrap_or(text)));
    }
    let at = memchr::memchr(b'|', line.as_bytes()).filter(|at| *at <= 128)?;
    let name = line[..at].trim_end_matches(' ');
    let is_padded = name.len() < at;
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    // Compose numbers the containers of a service; version 1 with `_`.
    let number = name.rsplit_once(['-', '_']).map_or("", |(_, number)| number);
    let is_numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let text = line[at + 1..].strip_prefix(' ').or_else(|| (line.len() == at + 1).then_some(""))?;
    (is_padded && is_name && is_numbered).then_some((name, text))
}

impl LogFormat for Compose {
    fn name(&self) -> &'static str {
        "container-lines"
    }

    fn dataset(&self) -> &'static str {
        "container"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if parts(text).is_some())).count()
    }

    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    fn open(&self, file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(ComposeParser { plain: Plain::new(&Self, file), last: BTreeMap::new() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "compose.log",
                text: "web-1    | 2022-08-22 08:15:01,123 - shop.login - ERROR - Login failed for user user002 on RDS01\n\
                       redis-1  | 1:M 22 Aug 2022 08:15:02.022 * Ready to accept connections tcp\n\
                       web-1    |   at shop.login\n\
                       web-1    |  * Debugger is active!\n\
                       redis-1  |   at nowhere\n\
                       db-1     |   at nowhere\n\
                       gw-1     | 2022-08-22T06:15:03.250000000Z fail: Shop.Login[20] login failed for user user003 on RDS01",
                expected: &[
                    "Failure 2022-08-22T08:15:01.123Z user=user002 host=RDS01 client=- code=-",
                    "ServiceState 2022-08-22T08:15:02.022Z user=- host=- client=- code=-",
                    "irrelevant 2022-08-22T08:15:01.123Z",
                    "irrelevant 2022-08-22T08:15:01.123Z",
                    "irrelevant 2022-08-22T08:15:02.022Z",
                    "damaged time-unreadable",
                    "Failure 2022-08-22T06:15:03.25Z user=user003 host=RDS01 client=- code=-",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "gateway.log",
                text: "[pod/gateway-7d9f4/gateway] 2022-08-22 08:15:01.1234|ERROR|Shop.Login|Login failed user=user001 target=RDS01\n\
                       [pod/gateway-7d9f4/sidecar] starting",
                expected: &[
                    "Failure 2022-08-22T08:15:01.1234Z user=user001 host=RDS01 client=- code=-",
                    "damaged time-unreadable",
                ],
            },
        ]
    }
}

struct ComposeParser {
    plain: Plain,
    /// The last instant of each container.
    last: BTreeMap<String, Timestamp>,
}

impl ComposeParser {
    fn see(&mut self, name: &str, at: Timestamp) {
        if let Some(last) = self.last.get_mut(name) {
            *last = at;
        } else if self.last.len() < CONTAINERS_MAX {
            self.last.insert(name.to_owned(), at);
        }
    }
}

impl Parser for ComposeParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign.into() };
        let Some((name, text)) = parts(text) else { return LineOutcome::Foreign.into() };
        let said = match container::inner_entry(text) {
            Some(entry) => self.plain.placed(entry, "", context),
            None => LineOutcome::Foreign.into(),
        };
        let at = match &said {
            Said::Message(line) => line.at.0,
            Said::Request(request) => request.at.0,
            _ => {
                let is_indented = text.is_empty() || text.starts_with([' ', '\t']);
                return match self.last.get(name).filter(|_| is_indented) {
                    Some(at) => LineOutcome::Irrelevant(Some(*at)).into(),
                    None => LineOutcome::Damaged(
                        Code::TimeUnreadable,
                        "a line of a container without time: ask for `--timestamps`",
                    )
                    .into(),
                };
            }
        };
        self.see(name, at);
        said
    }
}
