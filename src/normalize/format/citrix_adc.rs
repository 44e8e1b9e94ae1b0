//! Citrix ADC (NetScaler): what its gateway writes to syslog of logons, sessions and ICA connections.
//!
//! `<134> 08/22/2022:06:15:01 GMT adc01 0-PPE-0 : default SSLVPN LOGIN 2345 0 : User user001 - Client_ip 10.0.0.7 - …`,
//! often behind the header of a syslog server. Whether day or month stands first is a setting; `GMT` is left away where
//! the clock is local. Values stand behind their names, ` - ` between them. The line of an end states how long it lasted.
//!
//! Source: Citrix, "NetScaler syslog message reference" (SSLVPN, AAA, AAATM). The layout was compared with the
//! public samples of Elastic's integration for Citrix ADC.

use std::borrow::Cow;

use super::syslog;
use super::{Entry, LogFormat, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, clock_time_ms, named, without_port};
use crate::read::Container;

/// See the file.
pub(crate) struct CitrixAdc;

/// `08/22/2022:06:15:01 GMT `: the stamp, and what follows.
fn own_stamp(text: &str, order: DateOrder) -> Option<(Stamp, &str)> {
    let date = text.get(..10)?;
    if date.as_bytes()[2] != b'/' || date.as_bytes()[5] != b'/' || text.as_bytes().get(10) != Some(&b':') {
        return None;
    }
    let (day, _) = stamp(date, order).filter(|(day, len)| *len == 10 && day.has_year)?;
    let (ticks, len) = day_ticks(text.get(11..)?.get(..8)?).filter(|(_, len)| *len == 8)?;
    let rest = text[11 + len..].trim_start_matches(' ');
    let (offset_s, rest) = match rest.strip_prefix("GMT ") {
        Some(rest) => (Some(0), rest),
        None => (None, rest),
    };
    let civil = Civil(day.civil.0 + ticks);
    Some((Stamp { civil, offset_s, has_time: true, ..day }, rest.trim_start_matches(' ')))
}

/// What follows the priority and the header of a syslog server.
fn body(line: &str) -> &str {
    let rest = match line.strip_prefix('<').and_then(|inner| inner.split_once('>')) {
        Some((priority, rest)) if priority.bytes().all(|b| b.is_ascii_digit()) => rest.trim_start_matches(' '),
        _ => line,
    };
    if rest.as_bytes().get(2) == Some(&b'/') {
        return rest;
    }
    // `Aug 22 08:15:01 10.0.0.1  08/22/2022:…`
    match syslog::frame(line) {
        Some(frame) if frame.tag.is_empty() => frame.message.trim_start_matches(' '),
        _ => rest,
    }
}

/// The parts of one line.
struct Parts<'t> {
    stamp: Stamp,
    host: &'t str,
    feature: &'t str,
    event: &'t str,
    text: &'t str,
}

fn parts(line: &str, order: DateOrder) -> Option<Parts<'_>> {
    let (stamp, rest) = own_stamp(body(line), order)?;
    let (own, rest) = rest.split_once(" : ")?;
    let host = own.split(' ').next().filter(|_| own.contains("PPE-"))?;
    let host = if host.contains("PPE-") { "" } else { host };
    let rest = rest.strip_prefix("default ").unwrap_or(rest);
    let (head, text) = rest.split_once(" : ").or_else(|| Some((rest.strip_suffix(" :")?, "")))?;
    let mut words = head.split(' ');
    let (feature, event) = (words.next()?, words.next()?);
    // The number of the event and of the core.
    words.all(|word| word.bytes().all(|b| b.is_ascii_digit())).then_some(Parts { stamp, host, feature, event, text })
}

/// The value behind a name, up to the next dash.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let at = rest.find(name)?;
        let is_begin = at == 0 || rest.as_bytes()[at - 1] == b' ';
        let behind = &rest[at + name.len()..];
        if is_begin && behind.starts_with(' ') {
            let value = &behind[1..];
            let value = &value[..value.find(" - ").unwrap_or(value.len())];
            // An empty value leaves its dash behind.
            let value = value.trim().trim_matches('"');
            return (!value.is_empty() && value != "-" && !value.starts_with("- ")).then_some(value);
        }
        rest = behind;
    }
}

fn line<'t>(parts: &Parts<'t>) -> Line<'t> {
    let text = parts.text;
    let mut line = Line {
        logger: Some(parts.feature),
        host: Some(parts.host).filter(|host| !host.is_empty()),
        message: Cow::Borrowed(""),
        ..Line::default()
    };
    let mut user = value(text, "User").map(|user| user.split(' ').next().unwrap_or(user));
    let mut client = value(text, "Client_ip");
    let mut reason = None;
    match parts.event {
        "LOGIN" => line.action = Some(Action::Success),
        "LOGIN_FAILED" => {
            line.action = Some(Action::Failure);
            line.severity = Severity::Warn;
            reason = value(text, "Failure_reason");
        }
        "LOGOUT" => line.action = Some(Action::SessionEnd),
        "ICASTART" | "ICAEND_CONNSTAT" => {
            let is_start = parts.event == "ICASTART";
            line.action = Some(if is_start { Action::SessionBegin } else { Action::Disconnect });
            user = between(text, "username:domainname ", &[' ', ':']).filter(|user| *user != "anonymous");
            client = between(text, "Source ", &[' ']).map(without_port);
        }
        // What a person does within a session, and what the device says to those who look after it.
        _ => return line,
    }
    line.message = Cow::Borrowed(parts.event);
    if let Some(reason) = reason {
        line.message = Cow::Owned(format!("{}: {reason}", parts.event));
    }
    line.properties = named(&[("user", user), ("client", client)]);
    let lasted = value(text, "Duration").filter(|_| parts.event != "LOGIN").and_then(clock_time_ms);
    line.properties.extend(lasted.map(|lasted| (Cow::Borrowed("elapsed"), Cow::Owned(lasted))));
    line
}

impl LogFormat for CitrixAdc {
    fn name(&self) -> &'static str {
        "citrix-adc"
    }

    fn dataset(&self) -> &'static str {
        "citrix.adc"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let parts = parts(text, order)?;
        Some(Entry::message(parts.stamp, line(&parts)))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "adc/ns.log",
                text: "<135> 08/22/2022:06:15:01 GMT adc01 0-PPE-0 : default SSLVPN LOGIN 23456 0 : Context user001@10.0.0.7 - SessionId: 7 - User user001 - Client_ip 10.0.0.7 - Nat_ip \"Mapped Ip\" - Vserver 10.1.0.1:443 - Browser_type \"Agent\" - SSLVPN_client_type ICA - Group(s) \"N/A\"\n\
                       <132> 08/22/2022:06:15:02 GMT adc01 0-PPE-0 : default AAA LOGIN_FAILED 23457 0 :  User user002 - Client_ip 10.0.0.8 - Failure_reason \"External authentication server denied access\" - Browser Agent\n\
                       <134> 08/22/2022:06:15:03 GMT adc01 0-PPE-0 : default SSLVPN ICASTART 23458 0 :  [TCP] [CGP][ICAUUID=1-2] Source 10.0.0.7:61261 - Destination 10.2.0.1:2598 - customername  - username:domainname user001:corp - applicationName Desktop - startTime \"08/22/2022:06:15:03 GMT\" - connectionId 33\n\
                       <134> 08/22/2022:07:15:03 GMT adc01 0-PPE-0 : default SSLVPN ICAEND_CONNSTAT 23459 0 :  [TCP] [CGP][ICAUUID=1-2] Source 10.0.0.7:61261 - Destination 10.2.0.1:2598 - customername  - username:domainname user001:corp - startTime \"08/22/2022:06:15:03 GMT\" - endTime \"08/22/2022:07:15:03 GMT\" - Duration 01:00:00  - Total_bytes_send 1 - connectionId 33\n\
                       <134> 08/22/2022:07:15:04 GMT adc01 0-PPE-0 : default TCP CONN_TERMINATE 23460 0 :  Source 10.2.0.1:80 - Destination 10.0.0.7:1 - Total_bytes_send 1\n\
                       <134> 08/22/2022:07:15:05 GMT adc01 0-PPE-0 : default SSLVPN LOGOUT 23461 0 : Context user001@10.0.0.7 - SessionId: 7 - User user001 - Client_ip 10.0.0.7 - Duration 01:00:04  - LogoutMethod \"TimedOut\" - Group(s) \"N/A\"",
                expected: &[
                    "Success 2022-08-22T06:15:01Z user=user001 host=ADC01 client=10.0.0.7 code=-",
                    "Failure 2022-08-22T06:15:02Z user=user002 host=ADC01 client=10.0.0.8 code=-",
                    "SessionBegin 2022-08-22T06:15:03Z user=user001 host=ADC01 client=10.0.0.7 code=-",
                    "Disconnect 2022-08-22T07:15:03Z user=user001 host=ADC01 client=10.0.0.7 code=-",
                    "irrelevant 2022-08-22T07:15:04Z",
                    "SessionEnd 2022-08-22T07:15:05Z user=user001 host=ADC01 client=10.0.0.7 code=-",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "adc/forwarded.log",
                text: "Aug 22 08:15:01 10.0.0.1  08/22/2022:06:15:01  adc01 0-PPE-0 : SSLVPN LOGIN 23456 0 : User user001 - Client_ip  - Nat_ip \"Mapped Ip\"",
                expected: &["Success 2022-08-22T06:15:01Z user=user001 host=ADC01 client=- code=-"],
            },
        ]
    }
}
