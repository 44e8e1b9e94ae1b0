//! vdsm, the agent of oVirt: `thread::LEVEL::date::module::line::logger::(function) message`.
//!
//! Real log: `logfile_vdsm.0` of lnav.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Vdsm;

impl LogFormat for Vdsm {
    fn name(&self) -> &'static str {
        "vdsm"
    }

    fn dataset(&self) -> &'static str {
        "vdsm"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (_, rest) = line.split_once("::")?;
        let (word, rest) = rest.split_once("::")?;
        let severity = Severity::from_word(word)?;
        let (stamp, len) = stamp(rest, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let mut parts = rest[len..].strip_prefix("::")?.splitn(4, "::");
        let logger = parts.nth(2)?;
        let message = parts.next()?.into();
        Some(Entry::message(stamp, Line { severity, logger: Some(logger), message, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "vdsm.log",
            text: "MainThread::INFO::2022-08-22 08:15:01,101::vdsm::71::vds::(run) I am the actual vdsm\n\
                   Thread-15::ERROR::2022-08-22 08:15:02,300::vdsm::74::vds::(run) Connection to RDS01 failed for user user001: timed out\n\
                   File \"/usr/share/vdsm/vdsm\", line 72, in run",
            expected: &[
                "irrelevant 2022-08-22T08:15:01.101Z",
                "Failure 2022-08-22T08:15:02.3Z user=user001 host=RDS01 client=- code=-",
            ],
        }]
    }
}
