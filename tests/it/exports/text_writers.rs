//! One writer a text shape: from a record to what the tool would have printed, by its documented layout.

use causeline::model::Timestamp;
use causeline::read::WindowsRecord;
use jiff::tz::TimeZone;

use super::writers::{cut, text, time, xml};

/// What Windows shows of an event: the text of those that carry one, else prose that tells nothing, with
/// lines that look like the keys of the shapes.
fn description(record: &WindowsRecord) -> String {
    let own = match (text(&record.provider), record.event_id) {
        ("MsiInstaller", 11707 | 11724 | 11728) => record.unnamed(0),
        (provider, _) if provider.starts_with("Microsoft-FSLogix") => record.datum("Message"),
        _ => None,
    };
    let prose = "Beschreibung, in der Sprache \"der Maschine\"; mit Komma, und\tTabulator:\n  Source: nobody\n  \
                 Event ID: 1\nEventCode=1\n\nLevel: 2";
    own.unwrap_or(prose).to_owned()
}

/// The level in the language of the machine: English, German and French.
fn level(record: &WindowsRecord, language: usize) -> &'static str {
    const WORDS: [[&str; 3]; 5] = [
        ["Critical", "Kritisch", "Critique"],
        ["Error", "Fehler", "Erreur"],
        ["Warning", "Warnung", "Avertissement"],
        ["Information", "Informationen", "Information"],
        ["Verbose", "Ausführlich", "Commentaires"],
    ];
    WORDS[usize::from(record.level.filter(|level| (1..=5).contains(level)).unwrap_or(4)) - 1][language]
}

/// The wall clock of a zone, by a pattern of `strftime`.
pub fn clock(record: &WindowsRecord, zone: &str, pattern: &str) -> String {
    let at: jiff::Timestamp = time(record).to_string().parse().unwrap();
    at.to_zoned_datetime(TimeZone::get(zone).unwrap()).strftime(pattern).to_string()
}

/// With a heading that has its colon, and local time without a zone.
pub fn wevtutil_old(records: &[WindowsRecord], zone: &str) -> String {
    let date = |record: &WindowsRecord| clock(record, zone, "%Y-%m-%dT%H:%M:%S.%3f");
    wevtutil(records, ":", "", date)
}

/// With a heading without colon, values that end in NUL, and a `Z` behind the time.
pub fn wevtutil_new(records: &[WindowsRecord]) -> String {
    wevtutil(records, "", "\0", |record| format!("{}0000Z", cut(record, 3)))
}

fn wevtutil(records: &[WindowsRecord], colon: &str, nul: &str, date: impl Fn(&WindowsRecord) -> String) -> String {
    let one = |(index, record): (usize, &WindowsRecord)| {
        let user = record.user_sid.as_deref().unwrap_or("N/A");
        format!(
            "Event[{index}]{colon}\r\n  Log Name: {}\r\n  Source: {}\r\n  Date: {}\r\n  Event ID: {}\r\n  Task: \
             N/A\r\n  Level: {}{nul}\r\n  Opcode: Info{nul}\r\n  Keyword: Klassisch{nul}\r\n  User: {user}\r\n  \
             User Name: N/A\r\n  Computer: {}\r\n  Description: \r\n{}\r\n\r\n",
            text(&record.channel),
            text(&record.provider),
            date(record),
            record.event_id,
            level(record, 1),
            text(&record.computer),
            description(record).replace('\n', "\r\n"),
        )
    };
    records.iter().enumerate().map(one).collect()
}

/// A table of Event Viewer: its header, what parts the cells, the language and the form of its times.
pub struct Viewer {
    pub header: &'static str,
    pub separator: char,
    pub language: usize,
    pub pattern: &'static str,
}

pub const ENGLISH_CSV: Viewer = Viewer {
    header: "Level,Date and Time,Source,Event ID,Task Category",
    separator: ',',
    language: 0,
    pattern: "%-m/%-d/%Y %-I:%M:%S %p",
};
pub const GERMAN_CSV: Viewer = Viewer {
    header: "Ebene;Datum und Uhrzeit;Quelle;Ereignis-ID;Aufgabenkategorie",
    separator: ';',
    language: 1,
    pattern: "%d.%m.%Y %H:%M:%S",
};
pub const FRENCH_TEXT: Viewer = Viewer {
    header: "Niveau\tDate et heure\tSource\tID de l'événement\tCatégorie de la tâche",
    separator: '\t',
    language: 2,
    pattern: "%d/%m/%Y %H:%M:%S",
};

pub fn event_viewer(records: &[WindowsRecord], viewer: &Viewer, zone: &str) -> String {
    let one = |record: &WindowsRecord| {
        let described = format!("\"{}\"", description(record).replace('"', "\"\""));
        let cells = [
            level(record, viewer.language).to_owned(),
            clock(record, zone, viewer.pattern),
            text(&record.provider).to_owned(),
            record.event_id.to_string(),
            "None".to_owned(),
            described,
        ];
        cells.join(&viewer.separator.to_string()) + "\r\n"
    };
    format!("{}\r\n{}", viewer.header, records.iter().map(one).collect::<String>())
}

pub fn splunk_text(records: &[WindowsRecord], zone: &str) -> String {
    let one = |record: &WindowsRecord| {
        let provider = match text(&record.provider) {
            "Microsoft-Windows-Security-Auditing" => "Microsoft Windows security auditing.",
            other => other,
        };
        let user = record.user_sid.as_deref().map_or(String::new(), |sid| format!("Sid={sid}\nSidType=0\n"));
        format!(
            "{}\nLogName={}\nEventCode={}\nEventType={}\nComputerName={}\n{user}SourceName={provider}\nType={}\n\
             RecordNumber={}\nKeywords=None\nTaskCategory=None\nOpCode=Info\nMessage={}\n\n",
            clock(record, zone, "%m/%d/%Y %I:%M:%S %p"),
            text(&record.channel),
            record.event_id,
            record.level.unwrap_or(0),
            text(&record.computer),
            level(record, 0),
            record.record_id.unwrap_or_default(),
            description(record),
        )
    };
    records.iter().map(one).collect()
}

/// Behind a syslog header; `tab` is a tab, or what a syslog server makes of it.
pub fn snare(records: &[WindowsRecord], zone: &str, tab: &str) -> String {
    let one = |(index, record): (usize, &WindowsRecord)| {
        let computer = text(&record.computer);
        let cells = [
            "MSWinEventLog".to_owned(),
            "1".to_owned(),
            text(&record.channel).to_owned(),
            index.to_string(),
            clock(record, zone, "%a %b %e %H:%M:%S %Y"),
            record.event_id.to_string(),
            text(&record.provider).to_owned(),
            "SYSTEM".to_owned(),
            "User".to_owned(),
            level(record, 0).to_owned(),
            computer.to_owned(),
            "None".to_owned(),
            String::new(),
            description(record).split_whitespace().collect::<Vec<_>>().join(" "),
            index.to_string(),
        ];
        let host = computer.split('.').next().unwrap_or("");
        format!("<14>{} {host} {}\n", clock(record, zone, "%b %e %H:%M:%S"), cells.join(tab))
    };
    records.iter().enumerate().map(one).collect()
}

/// Characters that XML does not hold, and an underscore that would begin such a code, as codes.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            c if c.is_control() || (c == '_' && rest.peek() == Some(&'x')) => {
                out += &format!("_x{:04X}_", u32::from(c))
            }
            c => out.push(c),
        }
    }
    out
}

pub fn clixml(records: &[WindowsRecord], zone: &str) -> String {
    let number = |name: &str, tag: &str, number: Option<u64>| match number {
        Some(number) => format!("      <{tag} N=\"{name}\">{number}</{tag}>\n"),
        None => format!("      <Nil N=\"{name}\" />\n"),
    };
    let words = |name: &str, value: &str| format!("      <S N=\"{name}\">{}</S>\n", escaped(value));
    let one = |(index, record): (usize, &WindowsRecord)| {
        let values: String = record
            .data
            .iter()
            .map(|datum| {
                let value = match (&datum.value, datum.value.as_deref().and_then(|value| value.parse::<u32>().ok())) {
                    (None, _) => "<Nil N=\"Value\" />".to_owned(),
                    (_, Some(number)) => format!("<U32 N=\"Value\">{number}</U32>"),
                    (Some(value), None) => format!("<S N=\"Value\">{}</S>", escaped(value)),
                };
                format!(
                    "          <Obj RefId=\"1\">\n            <TNRef RefId=\"3\" />\n            <Props>\n              \
                     {value}\n            </Props>\n          </Obj>\n"
                )
            })
            .collect();
        let user = record.user_sid.as_deref().map_or("      <Nil N=\"UserId\" />\n".to_owned(), |sid| {
            format!(
                "      <Obj N=\"UserId\" RefId=\"2\">\n        <ToString>{sid}</ToString>\n        <Props>\n          \
                 <S N=\"Value\">{sid}</S>\n        </Props>\n      </Obj>\n"
            )
        });
        let kind = if index == 0 {
            "    <TN RefId=\"0\">\n      <T>System.Diagnostics.Eventing.Reader.EventLogRecord</T>\n      \
             <T>System.Object</T>\n    </TN>\n"
        } else {
            "    <TNRef RefId=\"0\" />\n"
        };
        let activity = record.activity_id.as_deref().map_or("      <Nil N=\"ActivityId\" />\n".to_owned(), |id| {
            format!("      <G N=\"ActivityId\">{}</G>\n", id.trim_matches(['{', '}']).to_lowercase())
        });
        let props = [
            number("Id", "I32", Some(u64::from(record.event_id))),
            number("Version", "By", record.version.map(u64::from)),
            number("Level", "By", record.level.map(u64::from)),
            number("RecordId", "I64", record.record_id),
            words("ProviderName", text(&record.provider)),
            words("LogName", text(&record.channel)),
            words("MachineName", text(&record.computer)),
            user,
            format!("      <DT N=\"TimeCreated\">{}</DT>\n", clock(record, zone, "%Y-%m-%dT%H:%M:%S.%9f%:z")),
            activity,
            format!("      <Obj N=\"Properties\" RefId=\"4\">\n        <LST>\n{values}        </LST>\n      </Obj>\n"),
        ];
        format!(
            "  <Obj RefId=\"{index}\">\n{kind}    <Props>\n{}    </Props>\n    <MS>\n{}    </MS>\n  </Obj>\n",
            props.concat(),
            words("Message", &description(record)),
        )
    };
    format!(
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n{}</Objs>",
        records.iter().enumerate().map(one).collect::<String>()
    )
}

/// One event with what Windows shows of it, in the language of the machine, as `wevtutil qe /f:RenderedXml`.
pub fn rendered(record: &WindowsRecord) -> String {
    let shown = description(record).replace('&', "&amp;").replace('<', "&lt;");
    let info = format!(
        "<RenderingInfo Culture='de-CH'><Message>{shown}</Message><Level>{}</Level><Task></Task><Opcode>Info</Opcode>\
         <Channel></Channel><Provider></Provider><Keywords></Keywords></RenderingInfo></Event>",
        level(record, 1)
    );
    xml(record).replace("</Event>", &info)
}

/// A document of Event Viewer.
pub fn viewer_xml(records: &[WindowsRecord]) -> String {
    let events: String = records.iter().map(rendered).collect();
    format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>{events}</Events>")
}

/// The whole second in which an event lies.
pub fn second(record: &WindowsRecord) -> Timestamp {
    let at: jiff::Timestamp = format!("{}Z", cut(record, 0)).parse().unwrap();
    Timestamp::from_jiff(at)
}
