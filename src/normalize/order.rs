//! Tells which number of a date is the day, by all dates of a source and not by the first ones.
//!
//! `03/04/2022` is 3 April or March 4. What tells, in this order: a number that can only be a day, anywhere
//! in the source; the order in which the dates rise; the order in which the days follow each other; the date
//! in the file's name; the other sources of the run. What only the first of these tells is sure, all else is
//! reported. A source is read a second time only if its first lines leave the order open.

use super::clock::DateOrder;
use super::format::LogFormat;
use super::source::One;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::time::TICKS_PER_DAY;
use crate::read::{How, Record, Selection, Source};

/// The orders that a date can have, the first preferred where all else is equal.
const ORDERS: [DateOrder; 3] = [DateOrder::MonthFirst, DateOrder::DayFirst, DateOrder::YearFirst];
/// From so many different days on, days that follow each other tell the order.
const N_DAYS_MIN: u64 = 3;
/// Read in the wrong order, days become months: the span grows by this factor at least.
const SPAN_FACTOR: i64 = 4;

/// How one source writes its dates, as far as it tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decision {
    /// The order that is taken.
    pub(super) order: DateOrder,
    /// By what, for the report; `None` where no other order is possible.
    by: Option<&'static str>,
    /// The first and last day under each order that is still possible, if nothing in the source tells.
    open: Vec<(DateOrder, (i64, i64))>,
    n_dates: u64,
}

/// What the dates of a source look like in one order.
#[derive(Clone, Copy, Debug, Default)]
struct View {
    n_fit: u64,
    n_falls: u64,
    n_days: u64,
    last: Option<i64>,
    span: Option<(i64, i64)>,
}

impl View {
    fn see(&mut self, day: i64) {
        self.n_fit += 1;
        if self.last == Some(day) {
            return;
        }
        // Lines of several threads may be out of order around midnight.
        self.n_falls += u64::from(self.last.is_some_and(|last| day < last - 1));
        self.n_days += 1;
        self.last = Some(day);
        self.span = Some(self.span.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
    }
}

/// The dates of a source, in every order.
#[derive(Debug, Default)]
struct Survey {
    views: [View; 3],
    n_dates: u64,
    preferred: Option<DateOrder>,
}

impl Survey {
    fn see(&mut self, format: &dyn LogFormat, line: &str) {
        let Some(entry) = format.parse(line, DateOrder::Open) else { return };
        let readings = entry.stamp.readings;
        if !ORDERS.iter().any(|order| readings.allow(*order)) {
            return;
        }
        self.n_dates += 1;
        self.preferred.get_or_insert(readings.taken());
        for (view, order) in self.views.iter_mut().zip(ORDERS) {
            if readings.allow(order)
                && let Some(entry) = format.parse(line, order)
            {
                view.see(entry.stamp.civil.0.div_euclid(TICKS_PER_DAY));
            }
        }
    }

    /// The orders that fit most dates.
    fn possible(&self) -> Vec<(DateOrder, View)> {
        let most = self.views.iter().map(|view| view.n_fit).max().unwrap_or(0);
        ORDERS.into_iter().zip(self.views).filter(|(_, view)| view.n_fit == most && most > 0).collect()
    }

    fn decide(&self, file_date: Option<i64>) -> Option<Decision> {
        let possible = self.possible();
        let (first, _) = *possible.first()?;
        let decided = |order, by| Some(Decision { order, by, open: Vec::new(), n_dates: self.n_dates });
        if possible.len() == 1 {
            return decided(first, None);
        }
        let only = |fits: &dyn Fn(&View) -> bool| {
            let mut fitting = possible.iter().filter(|(_, view)| fits(view));
            fitting.next().filter(|_| fitting.next().is_none()).map(|(order, _)| *order)
        };
        let n_falls_min = possible.iter().map(|(_, view)| view.n_falls).min()?;
        if let Some(order) = only(&|view| view.n_falls <= n_falls_min * 2) {
            return decided(order, Some("the order in which they rise"));
        }
        let length = |view: &View| view.span.map_or(i64::MAX, |(first, last)| last - first + 1);
        let shortest = possible.iter().map(|(_, view)| length(view)).min()?;
        let has_days = possible.iter().all(|(_, view)| view.n_days >= N_DAYS_MIN);
        if let Some(order) = only(&|view| length(view) < shortest.saturating_mul(SPAN_FACTOR)).filter(|_| has_days) {
            return decided(order, Some("the order in which the days follow each other"));
        }
        let near = |view: &View, day: i64| view.span.is_some_and(|(first, last)| (first - 1..=last + 1).contains(&day));
        if let Some(order) = file_date.and_then(|day| only(&|view| near(view, day))) {
            return decided(order, Some("the date in the name of the file"));
        }
        let preferred = self.preferred.filter(|own| possible.iter().any(|(order, _)| order == own));
        let open = possible.iter().filter_map(|(order, view)| Some((*order, view.span?))).collect();
        Some(Decision {
            order: preferred.unwrap_or(first),
            by: Some("habit, for nothing tells"),
            open,
            n_dates: self.n_dates,
        })
    }
}

/// The order of dates in lines that are at hand.
pub(super) fn of_lines(format: &dyn LogFormat, lines: &[Record<'_>]) -> Option<DateOrder> {
    let mut survey = Survey::default();
    for text in lines.iter().filter_map(Record::text) {
        survey.see(format, text);
    }
    survey.decide(None).map(|decision| decision.order)
}

/// The order of dates in a text of lines; `None` if its first lines have no date that leaves the order open.
pub(super) fn of_source(
    source: &Source,
    format: &dyn LogFormat,
    first: &[Record<'_>],
    file_date: Option<i64>,
) -> Option<Decision> {
    let mut head = Survey::default();
    for text in first.iter().filter_map(Record::text) {
        head.see(format, text);
    }
    if head.possible().len() < 2 {
        return head.decide(file_date);
    }
    let mut whole = Survey::default();
    let selection = Selection::none();
    let how = How { selection: &selection, starts_record: None, recover: false, digests: false };
    source.records(&how, &mut |record| {
        if let Some(text) = record.text() {
            whole.see(format, text);
        }
    });
    whole.decide(file_date)
}

/// Decides what single sources leave open by where the others lie in time, and says what was assumed.
///
/// `reread` reads a source once more, in another order.
pub(super) fn settle(ones: &mut [One], mut reread: impl FnMut(usize, DateOrder) -> One) {
    let is_open = |one: &One| one.dates.as_ref().is_some_and(|dates| !dates.open.is_empty());
    let spans: Vec<(i64, i64)> = ones
        .iter()
        .filter(|one| !is_open(one) && !one.year_is_open)
        .filter_map(|one| one.summary.span)
        .map(|(first, last)| (first.0.div_euclid(TICKS_PER_DAY), last.0.div_euclid(TICKS_PER_DAY)))
        .collect();
    for (index, one) in ones.iter_mut().enumerate() {
        let Some(mut dates) = one.dates.clone() else { continue };
        let meets = |(first, last): (i64, i64)| {
            spans
                .iter()
                .filter(|(other_first, other_last)| *other_first <= last + 1 && first - 1 <= *other_last)
                .count()
        };
        let n_met: Vec<(usize, DateOrder)> = dates.open.iter().map(|(order, span)| (meets(*span), *order)).collect();
        let most = n_met.iter().map(|(n, _)| *n).max().unwrap_or(0);
        let mut best = n_met.iter().filter(|(n, _)| *n == most);
        if let (Some((_, order)), None) = (best.next(), best.next()) {
            if *order != dates.order {
                *one = reread(index, *order);
            }
            dates.order = *order;
            dates.by = Some("the other logs of the run");
        }
        if let Some(by) = dates.by {
            let order = match dates.order {
                DateOrder::DayFirst => "day first",
                DateOrder::YearFirst => "year first",
                DateOrder::MonthFirst | DateOrder::Open => "month first",
            };
            let detail = format!("dates of three numbers are read {order}, by {by}");
            let diagnostic = Diagnostic::new(Code::TimeAmbiguous, &one.summary.path, None, detail);
            one.diagnostics.push(Diagnostic { count: dates.n_dates, ..diagnostic });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::normalize::{Normalized, Options, normalize};

    /// The first and last day that the first source spans, and what is said of its dates.
    fn read(sources: &[(&str, &str)]) -> (String, String, String) {
        let sources: Vec<Source> = sources
            .iter()
            .zip(0..)
            .map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes()))
            .collect();
        let Normalized { sources, diagnostics, .. } = normalize(&sources, &Options::default(), &|_| ());
        let (first, last) = sources[0].span.unwrap();
        assert_eq!(sources[0].n_damaged, 0);
        let said = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.code == Code::TimeAmbiguous && diagnostic.path == sources[0].path)
            .map(|diagnostic| diagnostic.detail.clone())
            .collect();
        (first.to_string()[..10].to_owned(), last.to_string()[..10].to_owned(), said)
    }

    fn lines(dates: &[&str]) -> String {
        dates.iter().flat_map(|date| [*date, " 08:15:01 ERROR login failed for user user001\n"]).collect()
    }

    #[test]
    fn a_number_that_can_only_be_a_day_tells_wherever_it_stands() {
        for n_before in [2, 5_000] {
            let text = lines(&["03/04/2022"]).repeat(n_before) + &lines(&["13/04/2022"]);
            let expected = ("2022-04-03".to_owned(), "2022-04-13".to_owned(), String::new());
            assert_eq!(read(&[("app.log", &text)]), expected, "{n_before}");
        }
    }

    #[test]
    fn a_format_of_the_user_is_read_in_the_order_that_the_whole_file_tells() {
        let own = crate::normalize::format::own::read(
            "[[format]]\nname = \"broker\"\npattern = '(?P<timestamp>\\S+ \\S+)~(?P<message>.*)'\n\
             [[format.sample]]\ntext = \"13/04/2022 08:15:01~up\"\nyields = { message = \"up\" }\n",
        )
        .unwrap();
        let options = Options { formats: crate::normalize::format::Formats::with_own(own), ..Options::default() };
        let text =
            "03/04/2022 08:15:01~ERROR login failed\n".repeat(5_000) + "13/04/2022 08:15:01~ERROR login failed\n";
        let source = Source::from_bytes(SourceId(0), "broker.log", text.as_bytes());
        let Normalized { sources, .. } = normalize(&[source], &options, &|_| ());
        assert_eq!((sources[0].format.as_str(), sources[0].n_damaged), ("broker", 0));
        assert_eq!(sources[0].span.unwrap().0.to_string(), "2022-04-03T08:15:01Z");
    }

    #[test]
    fn the_order_in_which_dates_rise_tells() {
        // Read with the month first, December comes before January of the same year.
        let text = lines(&["11/02/2022", "12/02/2022", "01/03/2022"]);
        let (first, last, said) = read(&[("app.log", &text)]);
        assert_eq!((first.as_str(), last.as_str()), ("2022-02-11", "2022-03-01"));
        assert!(said.contains("day first, by the order in which they rise"), "{said}");
    }

    #[test]
    fn days_that_follow_each_other_tell() {
        let (first, last, said) = read(&[("app.log", &lines(&["05/02/2022", "06/02/2022", "07/02/2022"]))]);
        assert_eq!((first.as_str(), last.as_str()), ("2022-02-05", "2022-02-07"));
        assert!(said.contains("follow each other"), "{said}");
        let (first, last, _) = read(&[("app.log", &lines(&["05/02/22", "06/02/22", "07/02/22"]))]);
        assert_eq!((first.as_str(), last.as_str()), ("2022-02-05", "2022-02-07"));
        let (first, last, _) = read(&[("app.log", &lines(&["02/05/2022", "02/06/2022", "02/07/2022"]))]);
        assert_eq!((first.as_str(), last.as_str()), ("2022-02-05", "2022-02-07"));
    }

    #[test]
    fn the_name_of_the_file_and_the_other_logs_tell_and_else_it_is_said_that_nothing_does() {
        let text = lines(&["03/04/2022"]);
        let (first, _, said) = read(&[("app-20220403.log", &text)]);
        assert_eq!(first, "2022-04-03");
        assert!(said.contains("name of the file"), "{said}");
        let (first, _, said) = read(&[("app.log", &text), ("other.log", &lines(&["2022-04-03"]))]);
        assert_eq!(first, "2022-04-03");
        assert!(said.contains("other logs"), "{said}");
        let (first, _, said) = read(&[("app.log", &text)]);
        assert_eq!(first, "2022-03-04");
        assert!(said.contains("month first, by habit"), "{said}");
    }
}
