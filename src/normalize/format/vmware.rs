//! VMware: vCenter (vpxd) and the management agents of ESXi (hostd, vpxa, …), and the log of its kernel.
//!
//! `2022-08-22T06:15:01.193Z info vpxd[45715] [Originator@6876 sub=vpxLro opID=7e12] text`; newer versions put a
//! priority before the name (`In(166) Hostd[2098]:`). Kernel: `2022-08-22T06:15:01.123Z cpu5:2097)text`, in the files
//! of version 7 and later behind `In(182) vmkernel:`. Stamps are UTC. `opID` joins the records of one operation.
//!
//! Real log: `logfile_vpxd.0` of lnav. The texts of logons and of failing storage are from VMware's knowledge base; no
//! real log with them was at hand.

use super::{Entry, LogFormat, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, named};
use crate::read::Container;

/// See the file.
pub(crate) struct VMware;

/// `In(166) `: the level by its first letters, and what follows.
fn priority(rest: &str) -> Option<(Severity, &str)> {
    let (word, behind) = rest.split_once(") ")?;
    let (letters, digits) = word.split_once('(')?;
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let severity = match letters {
        "Em" | "Al" | "Cr" => Severity::Critical,
        "Er" => Severity::Error,
        "Wa" => Severity::Warn,
        "No" | "In" => Severity::Info,
        "Db" | "De" => Severity::Debug,
        _ => return None,
    };
    Some((severity, behind))
}

/// `cpu5:2097)text`.
fn kernel(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix("cpu")?;
    let (place, message) = rest.split_once(')')?;
    place.bytes().all(|b| b.is_ascii_digit() || b == b':').then_some(message)
}

const KERNEL_FAILURES: &[&str] = &[
    "ALERT:",
    "failed H:0x",
    "Lost connectivity",
    "Path redundancy",
    "All paths are down",
    "device is not ready",
    "link state: down",
];

fn kernel_line(severity: Option<Severity>, message: &str) -> Line<'_> {
    let message = message.trim_start();
    let severity = if message.starts_with("WARNING:") { Severity::Warn } else { severity.unwrap_or_default() };
    let is_failure = KERNEL_FAILURES.iter().any(|words| message.contains(words));
    Line {
        severity: if is_failure { severity.max(Severity::Warn) } else { severity },
        logger: Some("vmkernel"),
        message: message.into(),
        action: is_failure.then_some(Action::Symptom),
        ..Line::default()
    }
}

/// Behind the stamp: `info vpxd[45715] [Originator@6876 sub=… opID=…] text`.
fn agent_line(rest: &str) -> Option<Line<'_>> {
    let (severity, rest) = if let Some((severity, rest)) = priority(rest) {
        if let Some(rest) = rest.strip_prefix("vmkernel: ") {
            return Some(kernel_line(Some(severity), kernel(rest).unwrap_or(rest)));
        }
        (severity, rest)
    } else {
        let (word, rest) = rest.split_once(' ')?;
        (Severity::from_word(word)?, rest)
    };
    let at = memchr::memmem::find(rest.as_bytes(), b"[Originator@").filter(|at| *at <= 64)?;
    let (own, message) = rest[at..].split_once(']')?;
    let message = message.trim_start();
    let mut line =
        Line { severity, logger: between(own, " sub=", &[' ', ']']), message: message.into(), ..Line::default() };
    let mut user = None;
    let mut client = None;
    // `Event 7 : User CORP\user001@10.0.0.7 logged in as …`, `… logged out`, `Cannot login user001@10.0.0.7`.
    let event = message.split_once(" : ").map_or(message, |(_, event)| event);
    let account = |text: &'_ str| -> Option<usize> { text.find([' ', ',']).or(Some(text.len())) };
    if let Some(rest) = event.strip_prefix("User ") {
        let (who, said) = rest.split_at(account(rest)?);
        (user, client) = who.rsplit_once('@').map_or((Some(who), None), |(user, host)| (Some(user), Some(host)));
        if said.starts_with(" logged in") {
            line.action = Some(Action::Success);
        } else if said.starts_with(" logged out") {
            line.action = Some(Action::SessionEnd);
        } else {
            (user, client) = (None, None);
        }
    } else if let Some(rest) = event.strip_prefix("Cannot login ") {
        let who = &rest[..account(rest)?];
        (user, client) = who.rsplit_once('@').map_or((Some(who), None), |(user, host)| (Some(user), Some(host)));
        line.action = Some(Action::Failure);
    }
    line.properties = named(&[("user", user), ("client", client), ("activityid", between(own, " opID=", &[' ', ']']))]);
    Some(line)
}

impl LogFormat for VMware {
    fn name(&self) -> &'static str {
        "vmware"
    }

    fn dataset(&self) -> &'static str {
        "vmware"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        if text.as_bytes().get(10) != Some(&b'T') {
            return None;
        }
        let (stamp, len) = stamp(text, order).filter(|(stamp, _)| stamp.has_time && stamp.offset_s.is_some())?;
        let rest = text[len..].strip_prefix(' ')?;
        let line = match kernel(rest) {
            Some(message) => kernel_line(None, message),
            None => agent_line(rest)?,
        };
        Some(Entry::message(stamp, line))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "vmware/hostd.log",
            text: "2022-08-22T06:15:01.193Z info hostd[45715] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=7e1280cf] Event 7 : User CORP\\user001@10.0.0.7 logged in as VMware-client/6.5.0\n\
                   2022-08-22T06:15:02.193Z warning hostd[45715] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=7e1280d0] Event 8 : Cannot login user002@10.0.0.8\n\
                   2022-08-22T06:15:03.193Z In(166) Hostd[2098]: [Originator@6876 sub=Vimsvc.ha-eventmgr opID=7e1280d1] Event 9 : User CORP\\user001@10.0.0.7 logged out (login time: Monday)\n\
                   2022-08-22T06:15:04.193Z cpu5:2097)ScsiDeviceIO: 3015: Cmd(0x1) 0x2a, CmdSN 0x8 from world 2 to dev \"naa.1\" failed H:0x0 D:0x2 P:0x0\n\
                   2022-08-22T06:15:05.193Z In(182) vmkernel: cpu1:1)Net: 1: connected Uplink vmnic0",
            expected: &[
                "Success 2022-08-22T06:15:01.193Z user=user001 host=- client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02.193Z user=user002 host=- client=10.0.0.8 code=-",
                "SessionEnd 2022-08-22T06:15:03.193Z user=user001 host=- client=10.0.0.7 code=-",
                "Symptom 2022-08-22T06:15:04.193Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T06:15:05.193Z",
            ],
        }]
    }
}
