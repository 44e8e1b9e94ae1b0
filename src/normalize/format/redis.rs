//! Redis and Valkey: `pid:role 22 Aug 2022 08:15:01.123 * message`.
//!
//! The role is `M` for a master, `S` for a replica, `C` for a child that writes to disk, `X` for a sentinel; the sign
//! before the message is the level: `.` debug, `-` verbose, `*` notice, `#` warning. The stamp is the clock of the
//! host. Redis 2 wrote `[pid] 22 Aug 08:15:01 * message`, without year.
//!
//! Source: `serverLogRaw` in `server.c` of Redis. Real lines stand in `logfile_docker_compose_with_noise.0` of lnav.

use super::{Entry, LogFormat, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Redis;

const STATES: &[&str] = &[
    "Ready to accept connections",
    "The server is now ready to accept connections",
    "Redis is starting",
    "Valkey is starting",
    "is now ready to exit",
    "User requested shutdown",
];

/// What follows the number of the process and the role.
fn behind_pid(line: &str) -> Option<&str> {
    let bare = line.strip_prefix('[').unwrap_or(line);
    let n_digits = bare.bytes().take(10).take_while(u8::is_ascii_digit).count();
    let rest = bare.get(n_digits..).filter(|_| n_digits > 0)?;
    if bare.len() != line.len() {
        return rest.strip_prefix("] ");
    }
    let rest = rest.strip_prefix(':')?;
    let is_role = matches!(rest.as_bytes().first()?, b'M' | b'S' | b'C' | b'X');
    rest.get(1..)?.strip_prefix(' ').filter(|_| is_role)
}

impl LogFormat for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn dataset(&self) -> &'static str {
        "redis"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let rest = behind_pid(line)?;
        let (stamp, len) = stamp(rest, order).filter(|(stamp, _)| stamp.has_time)?;
        let rest = rest[len..].strip_prefix(' ')?;
        let (sign, message) = rest.split_at_checked(2).filter(|(sign, _)| sign.ends_with(' '))?;
        let severity = match sign.as_bytes()[0] {
            b'.' => Severity::Trace,
            b'-' => Severity::Debug,
            b'*' => Severity::Info,
            b'#' => Severity::Warn,
            _ => return None,
        };
        let mut line = Line { severity, message: message.into(), ..Line::default() };
        if STATES.iter().any(|state| message.contains(state)) {
            line.action = Some(Action::ServiceState);
        }
        Some(Entry::message(stamp, line))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "redis/redis.log",
            text: "1:C 22 Aug 2022 08:15:01.018 * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n\
                   1:M 22 Aug 2022 08:15:01.022 * Ready to accept connections tcp\n\
                   1:M 22 Aug 2022 08:15:02.022 # Error registering fd event for the new client: Numerical result out of range (fd=10028)\n\
                   1:M 22 Aug 2022 08:15:03.022 - Accepted 10.0.0.7:50123\n\
                   1:M 22 Aug 2022 08:15:04.022 # Redis is now ready to exit, bye bye...",
            expected: &[
                "ServiceState 2022-08-22T08:15:01.018Z user=- host=- client=- code=-",
                "ServiceState 2022-08-22T08:15:01.022Z user=- host=- client=- code=-",
                "Other 2022-08-22T08:15:02.022Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T08:15:03.022Z",
                "ServiceState 2022-08-22T08:15:04.022Z user=- host=- client=- code=-",
            ],
        }]
    }
}
