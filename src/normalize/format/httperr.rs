//! HTTPERR: what the kernel part of the Windows web server refused before a site saw it.
//!
//! Stamps are UTC. The reason tells: queues that are full and pools that are off are the server's
//! failures; idle time-outs, dropped connections and malformed requests are the client's doing.
//!
//! Source: Microsoft, "Error logging in HTTP APIs", kinds of errors.

use super::iis::{Columns, RowClock};
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{Action, Severity};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct HttpErr;

/// Reasons that are the server's.
const SERVER_REASONS: &[&str] = &[
    "QueueFull",
    "AppOffline",
    "AppPoolTimer",
    "AppShutdown",
    "ConnLimit",
    "Connections_Refused",
    "Disabled",
    "Connection_Abandoned_By_AppPool",
    "Connection_Abandoned_By_ReqQueue",
    "Connection_Dropped_List_Full",
    "Internal",
    "N/A",
    "Timer_AppPool",
    "Timer_ResponseBody",
    "Timer_Response",
    "Connection_Dropped_AppPool",
];

fn fits(record: &Record<'_>) -> bool {
    let Body::Row(row) = &record.body else { return false };
    row.header.iter().any(|name| name.eq_ignore_ascii_case("s-reason"))
}

impl LogFormat for HttpErr {
    fn name(&self) -> &'static str {
        "httperr"
    }

    fn dataset(&self) -> &'static str {
        "iis.httperr"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::W3c]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(HttpErrParser { clock: RowClock::default(), columns: Columns::new(COLUMNS) }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::W3c,
            path: "HTTPERR/httperr1.log",
            text: "#Software: Microsoft HTTP API 2.0\n\
                   #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\n\
                   2022-08-22 06:15:01 10.0.0.7 4711 10.0.0.3 443 - - - - - Timer_ConnectionIdle -\n\
                   2022-08-22 06:15:02 10.0.0.7 4711 10.0.0.3 443 HTTP/1.1 POST /login 503 1 QueueFull LoginPool",
            expected: &[
                "irrelevant 2022-08-22T06:15:01Z",
                "Symptom 2022-08-22T06:15:02Z user=- host=- client=10.0.0.7 code=QueueFull",
            ],
        }]
    }
}

const COLUMNS: &[&str; 7] = &["date", "time", "s-reason", "sc-status", "c-ip", "s-queuename", "cs-uri"];

struct HttpErrParser {
    clock: RowClock,
    columns: Columns<7>,
}

impl HttpErrParser {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> LineOutcome {
        let Body::Row(row) = &record.body else { return LineOutcome::Foreign };
        let [date, time, reason, status, client, queue, uri] = self.columns.cells(row);
        if !self.columns.has("s-reason") {
            return LineOutcome::Foreign;
        }
        let Some(time) = self.clock.instant(row, (date, time), context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a row without time");
        };
        let reason = reason.unwrap_or("");
        if !SERVER_REASONS.iter().any(|server| server.eq_ignore_ascii_case(reason)) {
            return LineOutcome::Irrelevant(Some(time.0));
        }
        let mut event = context.event(time, Action::Symptom);
        event.severity = Severity::Error;
        event.code = status.and_then(|status| status.parse().ok());
        event.client = client.map(|client| context.names.intern(client));
        event.error_code = Some(context.names.intern(reason));
        let queue = queue.unwrap_or("-");
        let text = format!("{reason} queue={queue} uri={}", uri.unwrap_or("-"));
        let hit = context.gists.signatures().classify_text(context.dataset, Severity::Error, &text);
        event.signature = Some(match hit {
            Some(hit) => hit.id,
            None => context.names.intern(&format!("other-iis.httperr-{}", reason.to_lowercase())),
        });
        event.message = Some(context.message(&text));
        LineOutcome::Event(Box::new(event))
    }
}

impl Parser for HttpErrParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        self.read(record, context).into()
    }
}
