//! `csvlog`: no header, so columns are known by their places; a cell with line breaks goes on in the next lines.

use std::borrow::Cow;

use super::super::{Entry, LogFormat, Sample};
use super::{DATASET, Who, severity, stated, understand};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, without_port};
use crate::read::Container;
use crate::read::quoted_len;

/// See the file.
pub(crate) struct PostgresCsv;

/// Where the columns of `csvlog` stand that are of use.
const USER: usize = 1;
const CLIENT: usize = 4;
const LEVEL: usize = 11;
const STATE: usize = 12;
const MESSAGE: usize = 13;
const N_COLUMNS: usize = 14;

/// The first cells of a line, without their quotes; a doubled quote stays doubled.
fn cells(text: &str) -> Option<[&str; N_COLUMNS]> {
    let mut cells = [""; N_COLUMNS];
    let mut rest = text;
    for cell in &mut cells {
        let len = if let Some(inner) = rest.strip_prefix('"') {
            let len = quoted_len(inner);
            *cell = &inner[..len];
            (len + 2).min(rest.len())
        } else {
            let len = memchr::memchr(b',', rest.as_bytes()).unwrap_or(rest.len());
            *cell = &rest[..len];
            len
        };
        rest = rest[len..].strip_prefix(',').unwrap_or("");
    }
    Some(cells).filter(|cells| severity(cells[LEVEL]).is_some() && cells[STATE].len() == 5)
}

impl LogFormat for PostgresCsv {
    fn name(&self) -> &'static str {
        "postgresql-csv"
    }

    fn dataset(&self) -> &'static str {
        DATASET
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(text, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = &text[len..];
        // A zone that has no offset stands between.
        let n_letters = rest.bytes().take(8).take_while(|b| b.is_ascii_alphanumeric() || *b == b' ').count();
        let cells = cells(rest[n_letters..].strip_prefix(',').map(|_| text)?)?;
        let who = Who {
            user: Some(cells[USER]).filter(|user| !user.is_empty()),
            client: Some(cells[CLIENT]).filter(|client| *client != "[local]").map(without_port),
        };
        let mut line = Line { severity: severity(cells[LEVEL])?, ..Line::default() };
        understand(&mut line, cells[MESSAGE], who, stated(cells[STATE]));
        unescape(&mut line);
        Some(Entry::message(stamp, line))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "postgresql/postgresql-Mon.csv",
            text: "2022-08-22 06:15:01.123 UTC,,,4711,\"10.0.0.7:50123\",63031e65.1267,1,\"\",2022-08-22 06:15:01 UTC,,0,LOG,00000,\"connection received: host=10.0.0.7 port=50123\",,,,,,,,,\"\",\"not initialized\",,0\n\
                   2022-08-22 06:15:01.130 UTC,\"user001\",\"shop\",4711,\"10.0.0.7:50123\",63031e65.1267,2,\"authentication\",2022-08-22 06:15:01 UTC,3/5,0,LOG,00000,\"connection authorized: user=user001 database=shop\",,,,,,,,,\"\",\"client backend\",,0\n\
                   2022-08-22 06:15:02.000 UTC,\"user002\",\"shop\",4712,\"10.0.0.8:50124\",63031e66.1268,2,\"authentication\",2022-08-22 06:15:02 UTC,3/6,0,FATAL,28P01,\"password authentication failed for user \"\"user002\"\"\",\"Connection matched pg_hba.conf line 96: \"\"host all all\n\
                   10.0.0.0/8 md5\"\"\",,,,,,,,\"\",\"client backend\",,0\n\
                   2022-08-22 06:15:03.000 UTC,\"user001\",\"shop\",4711,\"10.0.0.7:50123\",63031e65.1267,3,\"idle\",2022-08-22 06:15:01 UTC,,0,LOG,00000,\"disconnection: session time: 0:00:01.870 user=user001 database=shop host=10.0.0.7 port=50123\",,,,,,,,,\"\",\"client backend\",,0",
            expected: &[
                "irrelevant 2022-08-22T06:15:01.123Z",
                "Success 2022-08-22T06:15:01.13Z user=user001 host=- client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=- client=10.0.0.8 code=28P01",
                "SessionEnd 2022-08-22T06:15:03Z user=user001 host=- client=10.0.0.7 code=-",
            ],
        }]
    }
}

/// Takes the doubled quotes of a cell back.
fn unescape(line: &mut Line<'_>) {
    if line.message.contains("\"\"") {
        let message = line.message.replace("\"\"", "\"");
        // The name in quotes was cut at the first of two.
        if let Some(user) = between(&message, "user \"", &['"']).or_else(|| between(&message, "role \"", &['"'])) {
            line.properties.retain(|(key, _)| key != "user");
            line.properties.push((Cow::Borrowed("user"), Cow::Owned(user.to_owned())));
        }
        line.message = Cow::Owned(message);
    }
}
