//! What a Zabbix server exports while it runs: a line of JSON a value (`history-*.ndjson`) or an hour (`trends-*.ndjson`).
//!
//! `clock` and `ns` are the instant; `name` is the name of the item as people read it, and tells what it measures. The
//! answers of `history.get` name items by number only and are of no use.
//!
//! Source: Zabbix documentation, "Newline-delimited JSON export protocol". No real export was at hand.

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Trust;
use crate::normalize::file::FileFacts;
use crate::normalize::metric::{epoch, known, sample};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

/// See the file.
pub(crate) struct Zabbix;

fn value<'o>(object: &'o Object<'_>) -> Option<&'o str> {
    object.get("value").or_else(|| object.get("avg"))
}

fn is_export(object: &Object<'_>) -> bool {
    object.get("itemid").is_some()
        && object.get("clock").is_some()
        && object.get("name").is_some()
        && value(object).is_some()
}

impl LogFormat for Zabbix {
    fn name(&self) -> &'static str {
        "zabbix-export"
    }

    fn dataset(&self) -> &'static str {
        "zabbix"
    }

    fn role(&self) -> Role {
        Role::Load
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_export(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(ZabbixParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "history-history-syncer-1.ndjson",
            text: r#"{"host":{"host":"RDS01","name":"RDS01"},"groups":["Windows"],"item_tags":[],"itemid":3,"name":"Active sessions","clock":1661014800,"ns":500,"value":3,"type":3}
{"host":{"host":"rds02.corp.example","name":"RDS02"},"groups":[],"itemid":4,"name":"CPU utilization","clock":1661014800,"count":60,"min":1.0,"avg":12.5,"max":99.0,"type":0}
{"host":{"host":"RDS01","name":"RDS01"},"groups":[],"itemid":5,"name":"Uptime","clock":1661014800,"ns":0,"value":700,"type":3}
{"host":{"host":"RDS01","name":"RDS01"},"groups":[],"itemid":3,"name":"Active sessions","clock":"soon","ns":0,"value":3,"type":3}"#,
            expected: &[
                "ActiveSessions 2022-08-20T17:00:00Z host=RDS01 3",
                "ProcessorTime 2022-08-20T17:00:00Z host=RDS02 12.5",
                "irrelevant 2022-08-20T17:00:00Z",
                "damaged time-unreadable",
            ],
        }]
    }
}

struct ZabbixParser;

impl Parser for ZabbixParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        if !is_export(object) {
            return LineOutcome::Foreign.into();
        }
        let Some(at) = object.get("clock").and_then(epoch) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`clock` is no time").into();
        };
        let host = object.get("host.host").or_else(|| object.get("host")).unwrap_or("");
        let name = object.get("name").unwrap_or("");
        let reading = known("", name).zip(value(object).and_then(|value| value.parse::<f64>().ok()));
        let found = reading.and_then(|(found, value)| sample((at, Trust::Stated), host, name, found, value, context));
        match found {
            Some(found) => LineOutcome::Load(vec![found]).into(),
            None => LineOutcome::Irrelevant(Some(at)).into(),
        }
    }
}
