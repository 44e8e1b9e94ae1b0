//! glog, and klog of Kubernetes: `E0517 15:04:22.619632 7 login.cc:253] message`; the year is missing, or the date
//! has eight digits.
//!
//! The first letter is the level, the number before the file that of the thread.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Glog;

impl LogFormat for Glog {
    fn name(&self) -> &'static str {
        "glog"
    }

    fn dataset(&self) -> &'static str {
        "glog"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let severity = match line.as_bytes().first()? {
            b'I' => Severity::Info,
            b'W' => Severity::Warn,
            b'E' => Severity::Error,
            b'F' | b'C' => Severity::Fatal,
            b'D' | b'V' => Severity::Debug,
            _ => return None,
        };
        if !line.as_bytes().get(1)?.is_ascii_digit() {
            return None;
        }
        let (stamp, len) = stamp(line, order).filter(|(stamp, _)| stamp.has_time)?;
        let rest = line[len..].trim_start_matches(' ');
        let thread_len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let rest = rest[thread_len..].strip_prefix(' ').filter(|_| thread_len > 0)?;
        let (place, message) = rest.split_once("] ").or_else(|| Some((rest.strip_suffix(']')?, "")))?;
        let (file, number) = place.rsplit_once(':')?;
        let is_place = !file.contains(' ') && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let line = Line { severity, logger: Some(file), message: message.into(), ..Line::default() };
        is_place.then(|| Entry::message(stamp, line))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/gateway-20220822.log",
            text: "Log file created at: 2022/08/22 08:15:00\n\
                   I0822 08:15:01.123456 1952452992 login.cc:253] user user001 logged on to RDS01\n\
                   E0822 08:15:02.5       7 login.cc:260] Login failed for user user002 on RDS01\n  at slot 7\n\
                   W0822 08:15:03.5       7 pool.cc:26] pool is small",
            expected: &[
                "foreign",
                "Success 2022-08-22T08:15:01.123456Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T08:15:02.5Z user=user002 host=RDS01 client=- code=-",
                "Other 2022-08-22T08:15:03.5Z user=- host=- client=- code=-",
            ],
        }]
    }
}
