//! Exchange Server: the protocol logs of SMTP and the log of the HTTP proxy.
//!
//! Both name their columns in `#Fields:` with commas between, and are read by these names alone. Stamps are UTC. SMTP:
//! each line is one step of a session (`+` connect, `-` disconnect, `<` received, `>` sent, `*` told), and the id of the
//! session joins the account with the reply. HTTP proxy: each line is a request, stamped at its end; newer versions
//! write the names once more above the first directive.
//!
//! Source: Microsoft Learn, "Protocol logging in Exchange Server". The names of the columns of the HTTP proxy and
//! the words of refused logons are unverified; single public lines of both logs were compared.

use std::collections::BTreeMap;

use super::iis::Columns;
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::normalize::told::{named, without_port};
use crate::read::{Body, Container, Record, Row};

/// The protocol logs of SMTP; see the file.
pub(crate) struct ExchangeSmtp;

/// The log of the HTTP proxy; see the file.
pub(crate) struct ExchangeHttpProxy;

/// Sessions whose account is kept until they end.
const N_SESSIONS_MAX: usize = 4_096;

fn has(record: &Record<'_>, wanted: &[&str]) -> bool {
    let Body::Row(row) = &record.body else { return false };
    wanted.iter().all(|wanted| row.header.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
}

const SMTP_COLUMNS: &[&str; 6] = &["date-time", "session-id", "remote-endpoint", "event", "data", "context"];

impl LogFormat for ExchangeSmtp {
    fn name(&self) -> &'static str {
        "exchange-smtp"
    }

    fn dataset(&self) -> &'static str {
        "exchange.smtp"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::W3c]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| has(record, SMTP_COLUMNS)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(SmtpParser { columns: Columns::new(SMTP_COLUMNS), users: BTreeMap::new() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::W3c,
            path: "SmtpReceive/RECV20220822-1.LOG",
            text: "#Software: Microsoft Exchange Server\n\
                   #Version: 15.0.0.0\n\
                   #Log-type: SMTP Receive Protocol Log\n\
                   #Date: 2022-08-22T06:00:00.000Z\n\
                   #Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n\
                   2022-08-22T06:15:01.031Z,MX01\\Client,08DA1,0,10.0.0.3:587,10.0.0.7:53228,+,,\n\
                   2022-08-22T06:15:01.131Z,MX01\\Client,08DA1,1,10.0.0.3:587,10.0.0.7:53228,*,CORP\\user001,authenticated\n\
                   2022-08-22T06:15:02.031Z,MX01\\Client,08DA2,1,10.0.0.3:587,10.0.0.8:53229,*,,User Name: user002\n\
                   2022-08-22T06:15:02.131Z,MX01\\Client,08DA2,2,10.0.0.3:587,10.0.0.8:53229,>,535 5.7.3 Authentication unsuccessful,\n\
                   2022-08-22T06:15:03.031Z,MX01\\Client,08DA3,1,10.0.0.3:587,10.0.0.9:53230,>,\"421 4.3.2 Service not available, closing transmission channel\",\n\
                   2022-08-22T06:15:04.031Z,MX01\\Client,08DA1,9,10.0.0.3:587,10.0.0.7:53228,-,,Local",
            expected: &[
                "irrelevant 2022-08-22T06:15:01.031Z",
                "Success 2022-08-22T06:15:01.131Z user=user001 host=- client=10.0.0.7 code=-",
                "irrelevant 2022-08-22T06:15:02.031Z",
                "Failure 2022-08-22T06:15:02.131Z user=user002 host=- client=10.0.0.8 code=535 5.7.3",
                "Symptom 2022-08-22T06:15:03.031Z user=- host=- client=10.0.0.9 code=421 4.3.2",
                "irrelevant 2022-08-22T06:15:04.031Z",
            ],
        }]
    }
}

struct SmtpParser {
    columns: Columns<6>,
    /// The account that a session named.
    users: BTreeMap<String, String>,
}

impl SmtpParser {
    fn name_user(&mut self, session: &str, user: &str) {
        if self.users.len() >= N_SESSIONS_MAX {
            self.users.clear();
        }
        self.users.insert(session.to_owned(), user.to_owned());
    }
}

/// `535 5.7.3`: the reply, with the status behind it where it has one.
fn reply(data: &str) -> &str {
    let mut ends = data.match_indices(' ').map(|(at, _)| at);
    let (first, second) = (ends.next(), ends.next().unwrap_or(data.len()));
    match first {
        Some(first) if data[first + 1..second].split('.').count() == 3 => &data[..second],
        Some(first) => &data[..first],
        None => data,
    }
}

impl Parser for SmtpParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Row(row) = &record.body else { return LineOutcome::Foreign.into() };
        let [time, session, remote, event, data, note] = self.columns.cells(row);
        if !self.columns.has("date-time") || !self.columns.has("event") {
            return LineOutcome::Foreign.into();
        }
        let Some((at, trust)) = instant(time, context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a row without time").into();
        };
        let (session, data, note) = (session.unwrap_or(""), data.unwrap_or(""), note.unwrap_or(""));
        let mut line = Line { at: (at, Some(trust)), message: data.into(), ..Line::default() };
        let mut code = None;
        // The disconnect is a dash, which stands for an empty cell, too.
        match event.unwrap_or("-") {
            "*" if note == "authenticated" => {
                self.name_user(session, data);
                line.action = Some(Action::Success);
            }
            "*" => {
                if let Some(user) = note.strip_prefix("User Name: ").filter(|user| *user != "NULL") {
                    self.name_user(session, user);
                }
                return LineOutcome::Irrelevant(Some(at)).into();
            }
            ">" | "<" if data.starts_with("535 ") || data.starts_with("421 ") => {
                let is_logon = data.starts_with("535 ");
                line.action = Some(if is_logon { Action::Failure } else { Action::Symptom });
                line.severity = Severity::Warn;
                code = Some(reply(data));
            }
            "-" => {
                self.users.remove(session);
                return LineOutcome::Irrelevant(Some(at)).into();
            }
            _ => return LineOutcome::Irrelevant(Some(at)).into(),
        }
        line.properties = named(&[("client", remote.map(without_port)), ("code", code)]);
        if let Some(user) = self.users.get(session) {
            line.properties.push(("user".into(), user.clone().into()));
        }
        Said::Message(line)
    }
}

fn instant(time: Option<&str>, context: &mut Context<'_>) -> Option<(crate::model::Timestamp, crate::model::Trust)> {
    let (stamp, _) = stamp(time?, DateOrder::MonthFirst).filter(|(stamp, _)| stamp.has_time)?;
    Some(context.clock.instant(stamp))
}

const PROXY_COLUMNS: &[&str; 9] = &[
    "DateTime",
    "HttpStatus",
    "TotalRequestTime",
    "AuthenticatedUser",
    "ClientIpAddress",
    "ServerHostName",
    "Method",
    "UrlStem",
    "UrlQuery",
];

fn is_directive(row: &Row<'_>) -> bool {
    row.cells.first().is_some_and(|cell| cell.starts_with('#'))
}

impl LogFormat for ExchangeHttpProxy {
    fn name(&self) -> &'static str {
        "exchange-http-proxy"
    }

    fn dataset(&self) -> &'static str {
        "exchange.http"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::W3c, Container::Table]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let wanted = ["DateTime", "HttpStatus", "AuthenticatedUser", "ServerHostName"];
        first.iter().filter(|record| has(record, &wanted)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(ProxyParser { columns: Columns::new(PROXY_COLUMNS) }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::W3c,
                path: "HttpProxy/Owa/HttpProxy_2022082206-1.LOG",
                text: "#Software: Microsoft Exchange Server\n\
                       #Log-type: HttpProxy Logs\n\
                       #Fields: DateTime,RequestId,UrlHost,UrlStem,AuthenticatedUser,ClientIpAddress,ServerHostName,HttpStatus,Method,TotalRequestTime\n\
                       2022-08-22T06:15:01.957Z,1,mail.corp.example,/owa/auth/logon.aspx,CORP\\user001,10.0.0.7,MX01,200,POST,70\n\
                       2022-08-22T06:15:02.957Z,2,mail.corp.example,/mapi/emsmdb/,CORP\\user002,10.0.0.8,MX01,503,POST,12",
                expected: &[
                    "Success 2022-08-22T06:15:01.957Z user=user001 host=MX01 client=10.0.0.7 code=-",
                    "Symptom 2022-08-22T06:15:02.957Z user=user002 host=MX01 client=10.0.0.8 code=503",
                ],
            },
            Sample {
                container: Container::Table,
                path: "HttpProxy/Owa/HttpProxy_2022082207-1.LOG",
                text: "DateTime,RequestId,UrlStem,AuthenticatedUser,ClientIpAddress,ServerHostName,HttpStatus,Method,TotalRequestTime\n\
                       #Software: Microsoft Exchange Server\n\
                       2022-08-22T07:15:01.957Z,1,/owa/auth/logon.aspx,CORP\\user001,10.0.0.7,MX01,200,POST,70",
                expected: &[
                    "irrelevant",
                    "Success 2022-08-22T07:15:01.957Z user=user001 host=MX01 client=10.0.0.7 code=-",
                ],
            },
        ]
    }
}

struct ProxyParser {
    columns: Columns<9>,
}

impl Parser for ProxyParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Row(row) = &record.body else { return LineOutcome::Foreign.into() };
        if is_directive(row) {
            return LineOutcome::Irrelevant(None).into();
        }
        let [time, status, taken, user, client, own_host, method, path, query] = self.columns.cells(row);
        if !self.columns.has("DateTime") || !self.columns.has("HttpStatus") {
            return LineOutcome::Foreign.into();
        }
        let Some((at, trust)) = instant(time, context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a row without time").into();
        };
        let Some(status) = status.and_then(|status| status.parse().ok()) else {
            return LineOutcome::Irrelevant(Some(at)).into();
        };
        Said::Request(Request {
            at: (at, Some(trust)),
            stamped: Stamped::End,
            duration_ms: taken.and_then(|taken| taken.parse().ok()),
            method: method.unwrap_or(""),
            path: path.unwrap_or(""),
            query: query.unwrap_or(""),
            user: user.unwrap_or("").into(),
            client: client.unwrap_or(""),
            own_host,
            status,
            ..Request::default()
        })
    }
}
