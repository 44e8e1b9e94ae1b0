//! Windows events as Event Viewer saves them as CSV, and as text with tabs.
//!
//! `Level,Date and Time,Source,Event ID,Task Category`, for the Security log `Keywords` first, in the
//! language of whoever saved it. The description is a cell more, without a name. Times are local, in the form
//! of that person's region, with seconds only. No vendor's page gives the layout: English and German headers
//! are as public exports have them, French and Italian ones unverified.

use std::sync::Arc;

use super::super::Catalog;
use super::super::place::number;
use super::super::shape::level_by_word;
use super::{Context, Export, Exported, Loss, Reader, Sample, date_order};
use crate::diagnostic::Code;
use crate::model::Name;
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, Row, WindowsRecord};

/// See the file.
pub(crate) struct EventViewer;

/// The names of the column of the time, and whether that language writes the day before the month.
const TIMES: &[(&str, Option<DateOrder>)] = &[
    ("date and time", None),
    ("datum und uhrzeit", Some(DateOrder::DayFirst)),
    ("date et heure", Some(DateOrder::DayFirst)),
    ("data e ora", Some(DateOrder::DayFirst)),
];
/// The names of the column of the provider.
const SOURCES: &[&str] = &["source", "quelle", "origine"];
/// The names of the column of the number.
const IDS: &[&str] = &["event id", "ereignis-id", "id de l'événement", "id de l’événement", "id evento"];
/// The names of the column of the level.
const LEVELS: &[&str] = &["level", "ebene", "niveau", "livello"];

/// Where the columns stand.
#[derive(Clone, Copy)]
struct Columns {
    time: usize,
    source: usize,
    id: usize,
    level: Option<usize>,
    description: usize,
    order: Option<DateOrder>,
}

fn columns(header: &[String]) -> Option<Columns> {
    let names: Vec<String> =
        header.iter().map(|name| name.trim_matches(['\u{feff}', '"', ' ']).to_lowercase()).collect();
    let find = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
    let (time, order) = names
        .iter()
        .enumerate()
        .find_map(|(at, name)| TIMES.iter().find(|(known, _)| known == name).map(|(_, order)| (at, *order)))?;
    let described = names.iter().rposition(|name| !name.is_empty())? + 1;
    Some(Columns { time, source: find(SOURCES)?, id: find(IDS)?, level: find(LEVELS), description: described, order })
}

fn row<'r, 't>(record: &'r Record<'t>) -> Option<&'r Row<'t>> {
    match &record.body {
        Body::Row(row) => Some(row),
        _ => None,
    }
}

/// The time as it stands there, with the narrow blanks and marks of direction of some regions made plain.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ").replace(['\u{200e}', '\u{200f}'], "")
}

impl Export for EventViewer {
    fn name(&self) -> &'static str {
        "event-viewer"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        records.iter().filter_map(row).filter(|row| columns(&row.header).is_some()).count()
    }

    fn loses(&self) -> &'static [Loss] {
        &[
            Loss::RecordId,
            Loss::Computer,
            Loss::Channel,
            Loss::Level,
            Loss::Activity,
            Loss::User,
            Loss::Data,
            Loss::Zone,
        ]
    }

    fn step_ticks(&self) -> i64 {
        TICKS_PER_SECOND
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Box<dyn Reader> {
        let head: Vec<(&Row<'_>, Columns)> =
            first.iter().filter_map(row).filter_map(|row| Some((row, columns(&row.header)?))).collect();
        let stamps: Vec<String> =
            head.iter().filter_map(|(row, at)| row.cells.get(at.time)).map(|t| plain(t)).collect();
        let stamps: Vec<&str> = stamps.iter().map(String::as_str).collect();
        let by_language = head.iter().find_map(|(_, columns)| columns.order);
        Box::new(Rows::new(&stamps, by_language))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Table,
                path: "RDS01/application.csv",
                text: "Level,Date and Time,Source,Event ID,Task Category\n\
                       Information,8/9/2022 8:01:33 AM,MsiInstaller,11707,None,\"Product: FSLogix Apps -- Installation completed successfully.\"\n\
                       Error,8/22/2022 8:01:33 PM,Microsoft-FSLogix-Apps,26,None\n\
                       Error,8/22/2022 8:01:33 PM,Disk,,None,\"\"\n\
                       Error,soon,Disk,7,None,\"\"\n",
                expected: &[
                    "MsiInstaller 11707 2022-08-09T08:01:33Z? - #- - 4 - | | Product: FSLogix Apps -- Installation completed successfully.",
                    "Microsoft-FSLogix-Apps 26 2022-08-22T20:01:33Z? - #- - 2 - | | -",
                    "damaged record-malformed",
                    "damaged time-unreadable",
                ],
            },
            Sample {
                container: Container::Table,
                path: "RDS01/system.csv",
                text: "Ebene;Datum und Uhrzeit;Quelle;Ereignis-ID;Aufgabenkategorie\n\
                       Fehler;22.08.2022 08:01:33;Service Control Manager;7031;Keine;\"Der Dienst wurde unerwartet beendet.\"\n",
                expected: &[
                    "Service Control Manager 7031 2022-08-22T08:01:33Z? - #- - 2 - | | Der Dienst wurde unerwartet beendet.",
                ],
            },
            Sample {
                container: Container::Table,
                path: "RDS01/securite.txt",
                text: "Mots clés\tDate et heure\tSource\tID de l'événement\tCatégorie de la tâche\n\
                       Succès de l'audit\t03/08/2022 08:01:33\tMicrosoft-Windows-Security-Auditing\t4624\tOuvrir la session\tL'ouverture de session a réussi.\n",
                expected: &[
                    "Microsoft-Windows-Security-Auditing 4624 2022-08-03T08:01:33Z? - #- - - - | | L'ouverture de session a réussi.",
                ],
            },
            Sample {
                container: Container::Table,
                path: "RDS01/sistema.csv",
                text: "Livello,Data e ora,Origine,ID evento,Categoria attività\n\
                       Avviso,22/08/2022 08:01:33,Kernel-General,12,Nessuna,Ora di avvio\n",
                expected: &["Microsoft-Windows-Kernel-General 12 2022-08-22T08:01:33Z? - #- - 3 - | | Ora di avvio"],
            },
        ]
    }
}

/// The rows of one file.
struct Rows {
    order: DateOrder,
    is_order_open: bool,
    /// The header that was looked at last, and its columns.
    known: Option<(Arc<[String]>, Option<Columns>)>,
}

impl Rows {
    /// The stamps tell which number is the day; where all days are twelve or less, the language.
    fn new(stamps: &[&str], by_language: Option<DateOrder>) -> Self {
        let both = [DateOrder::DayFirst, DateOrder::MonthFirst];
        let differs = |text: &&&str| {
            let [day, month] = both.map(|order| stamp(text.trim(), order).map(|(stamp, _)| stamp.civil));
            day != month
        };
        let n_read = both.map(|order| stamps.iter().filter(|text| stamp(text.trim(), order).is_some()).count());
        let is_told = n_read[0] != n_read[1] || !stamps.iter().any(|text| differs(&text));
        let order = match by_language {
            Some(order) if !is_told => order,
            _ => date_order(stamps),
        };
        Self { order, is_order_open: !is_told && by_language.is_none(), known: None }
    }

    fn columns(&mut self, header: &Arc<[String]>) -> Option<Columns> {
        if let Some((known, columns)) = &self.known
            && Arc::ptr_eq(known, header)
        {
            return *columns;
        }
        let columns = columns(header);
        self.known = Some((Arc::clone(header), columns));
        columns
    }
}

impl Reader for Rows {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Exported {
        let Some((row, at)) = row(record).and_then(|row| Some((row, self.columns(&row.header)?))) else {
            return Exported::Foreign;
        };
        let cell = |index: usize| row.cells.get(index).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let (Some(source), Some(id)) = (cell(at.source), cell(at.id).and_then(number)) else {
            return Exported::Damaged(Code::RecordMalformed, "an event without source or number");
        };
        let windows = WindowsRecord {
            provider: Some(provider(source)),
            event_id: (id & 0xFFFF) as u32,
            level: at.level.and_then(cell).and_then(level_by_word),
            message: cell(at.description).map(|text| Name::from(text.replace('\r', ""))),
            ..WindowsRecord::default()
        };
        let time = cell(at.time).and_then(|text| context.instant(&plain(text), self.order));
        Exported::timed(windows, time)
    }

    fn remarks(&self) -> Vec<(Code, &'static str)> {
        let open = "no date tells which number is the day; the month is taken to come first";
        self.is_order_open.then_some((Code::DateAssumed, open)).into_iter().collect()
    }
}

/// The provider. Event Viewer leaves the vendor's prefix away where it shows a list.
fn provider(source: &str) -> Name {
    let catalog = Catalog::embedded();
    let with_prefix = format!("Microsoft-Windows-{source}");
    if catalog.provider(source).is_none() && catalog.provider(&with_prefix).is_some() {
        return Name::from(with_prefix);
    }
    Name::from(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(stamps: &[&str], by_language: Option<DateOrder>) -> (DateOrder, bool) {
        let rows = Rows::new(stamps, by_language);
        (rows.order, !rows.remarks().is_empty())
    }

    #[test]
    fn the_whole_head_tells_which_number_is_the_day() {
        use DateOrder::{DayFirst, MonthFirst};
        assert_eq!(rows(&["03/04/2022 08:01:33", "22/04/2022 08:01:33"], None), (DayFirst, false));
        assert_eq!(rows(&["3/4/2022 8:01:33 AM", "3/22/2022 8:01:33 AM"], Some(DayFirst)), (MonthFirst, false));
        assert_eq!(rows(&["03/04/2022 08:01:33"], Some(DayFirst)), (DayFirst, false));
        assert_eq!(rows(&["03/04/2022 08:01:33"], None), (MonthFirst, true));
        // Points leave nothing open, and the fourth of April is the same either way.
        assert_eq!(rows(&["03.04.2022 08:01:33", "4/4/2022 8:01:33 AM"], None), (MonthFirst, false));
    }

    #[test]
    fn blanks_of_newer_regions_are_blanks() {
        assert_eq!(plain("\u{200e}8/22/2022 8:01:33\u{202f}AM"), "8/22/2022 8:01:33 AM");
    }
}
