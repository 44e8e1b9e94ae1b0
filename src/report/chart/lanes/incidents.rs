//! The incidents themselves: from onset to end, with the worst hour, and the intervals in which these moments lie.

use crate::judge::Incident;
use crate::model::{TimeRange, Timestamp};
use crate::report::chart::mark::{Band, Mark, Note, Row, Side};
use crate::report::chart::scene::Scene;
use crate::report::chart::text;
use crate::report::chart::theme::{Ink, PLOT_LEFT, PLOT_RIGHT, TITLE};
use crate::report::wording::{number, postmortem};

/// Incidents with a row of their own; further ones share the last row.
const MAX_ROWS: usize = 5;
const ROW_HEIGHT: i32 = 22;
/// The row of a label that has room neither behind nor before its incident.
const LABEL_HEIGHT: i32 = 16;
/// Title and notes need so much.
const LEAST_HEIGHT: i32 = 40;
/// Pixels between an incident and its label.
const DISTANCE: i32 = 10;
/// The widest label.
const LABEL_PIXELS: i32 = 640;

/// The incidents; none without one.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let incidents = &scene.input.judgement.incidents;
    if incidents.is_empty() {
        return Vec::new();
    }
    let n_own = if incidents.len() > MAX_ROWS { MAX_ROWS - 1 } else { incidents.len() };
    let mut rows = Rows::default();
    for (idx, incident) in incidents[..n_own].iter().enumerate() {
        rows.push(scene, &[incident], idx == 0, &postmortem::incident_label(scene.input, incident, idx == 0));
    }
    let rest: Vec<&Incident> = incidents[n_own..].iter().collect();
    if !rest.is_empty() {
        rows.push(scene, &rest, false, &number::count(rest.len(), "more incident"));
    }
    let Rows { mut rows, marks } = rows;
    let height: i32 = rows.iter().map(|row| row.height).sum();
    if height < LEAST_HEIGHT {
        rows.push(row(LEAST_HEIGHT - height));
    }
    let has_intervals = marks.iter().any(|mark| matches!(mark, Mark::Between { .. }));
    let mut notes = vec![Note::about("▾", Ink::Text, "worst hour")];
    notes.extend(has_intervals.then(|| Note::about("├┤", Ink::Text, "95% intervals")));
    vec![Band {
        id: "incidents".to_owned(),
        title: if incidents.len() == 1 { "Incident" } else { "Incidents" }.to_owned(),
        notes,
        height: height.max(LEAST_HEIGHT),
        scale: None,
        rows,
        marks,
    }]
}

fn row(height: i32) -> Row {
    Row { name: String::new(), hosts: Vec::new(), height }
}

#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    marks: Vec<Mark>,
}

impl Rows {
    /// Adds incidents that share a row, and their label where it has room.
    fn push(&mut self, scene: &Scene<'_>, incidents: &[&Incident], is_main: bool, label: &str) {
        let row_of_bars = self.rows.len();
        self.rows.push(row(ROW_HEIGHT));
        let mut reach: Option<TimeRange> = None;
        for incident in incidents {
            let Some(span) = scene.span_of(incident) else { continue };
            reach =
                Some(reach.map_or(span, |known| TimeRange {
                    start: known.start.min(span.start),
                    end: known.end.max(span.end),
                }));
            let ink = if is_main { Ink::Edge } else { Ink::Missing };
            self.marks.push(Mark::Incident { row: row_of_bars, span, peak: incident.peak_at, ink });
            for (between, is_peak) in
                [(incident.started_between, false), (incident.peaked_between, true), (incident.ended_between, false)]
            {
                self.marks.extend(between.map(|span| Mark::Between { row: row_of_bars, span, is_peak }));
            }
        }
        let Some(reach) = reach else { return };
        let (left, right) = scene.axis.pixels(&reach);
        // Wherever the incident is, on one of its sides there is room for this.
        let room = (f64::from(PLOT_RIGHT) - left).max(right - f64::from(PLOT_LEFT)) as i32 - DISTANCE;
        let text = text::fitted(&text::clean(label), LABEL_PIXELS.min(room), TITLE, is_main);
        let width = f64::from(text::width(&text, TITLE, is_main) + DISTANCE);
        // All that stands in the row: the worst hour may lie outside of the span that people noticed.
        let intervals = |one: &Incident| [one.started_between, one.peaked_between, one.ended_between];
        let spans = || incidents.iter().flat_map(|one| intervals(one)).flatten();
        let peaks = || incidents.iter().map(|one| one.peak_at);
        let last = spans().map(|span| span.end).chain(peaks()).fold(reach.end, Timestamp::max);
        let first = spans().map(|span| span.start).chain(peaks()).fold(reach.start, Timestamp::min);
        let end = scene.axis.pixels(&TimeRange { start: first, end: last }).1;
        // No label lies under the line of the guilty change.
        let line = scene.guilty_at().map(|at| scene.axis.x(at));
        let is_clear = |from: f64, to: f64| line.is_none_or(|line| line < from - 3.0 || to + 3.0 < line);
        let fits_behind = end + width <= f64::from(PLOT_RIGHT) && is_clear(end + f64::from(DISTANCE), end + width);
        let begin = scene.axis.x(first);
        let fits_before = begin - width >= f64::from(PLOT_LEFT) && is_clear(begin - width, begin - f64::from(DISTANCE));
        let (row, at, side, distance) = if fits_behind {
            (row_of_bars, last, Side::Right, DISTANCE)
        } else if fits_before {
            (row_of_bars, first, Side::Left, DISTANCE)
        } else {
            self.rows.push(row(LABEL_HEIGHT));
            // Below the incident: from its begin to the right, or up to its end.
            let fits_right = left + width <= f64::from(PLOT_RIGHT);
            let fits_left = right - width >= f64::from(PLOT_LEFT);
            let is_left = fits_left && (!fits_right || !is_clear(left + 4.0, left + width));
            let (at, side) = if is_left { (reach.end, Side::Left) } else { (reach.start, Side::Right) };
            (row_of_bars + 1, at, side, 4)
        };
        let ink = if is_main { Ink::Text } else { Ink::Quiet };
        self.marks.push(Mark::Label { row, at, side, distance, text, ink, bold: is_main });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_incident_has_its_span_its_peak_and_its_intervals() {
        let case = fixture::founding();
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let band = &bands(&scene)[0];
        let main = input.main_incident().unwrap();
        assert!(band.marks.iter().any(|mark| matches!(mark, Mark::Incident { span, peak, .. }
            if span.start == main.started_at && Some(span.end) == main.ended_at && *peak == main.peak_at)));
        let between: Vec<TimeRange> = band
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Between { span, .. } => Some(*span),
                _ => None,
            })
            .collect();
        let wanted = [main.started_between, main.peaked_between, main.ended_between];
        assert_eq!(between, wanted.into_iter().flatten().collect::<Vec<_>>());
        assert!(bands(&Scene::new(&fixture::quiet().input()).unwrap()).is_empty());
    }

    /// The label stands behind or before everything in its row, or in a row of its own.
    #[test]
    fn the_label_does_not_stand_on_an_interval() {
        let mut case = fixture::founding();
        let main = &mut case.judgement.incidents[0];
        let end = main.ended_at.unwrap();
        main.peak_at = end.plus_seconds(30_000.0);
        main.peaked_between = Some(TimeRange { start: main.started_at, end: end.plus_seconds(86_400.0) });
        main.started_between = Some(TimeRange { start: fixture::at("2022-07-05T00:00:00Z"), end: main.started_at });
        let far = main.peaked_between.unwrap().end;
        let input = case.input();
        let band = &bands(&Scene::new(&input).unwrap())[0];
        let Some(Mark::Label { row, at, .. }) = band.marks.iter().find(|mark| matches!(mark, Mark::Label { .. }))
        else {
            panic!("a label");
        };
        assert!(*row == 1 || *at >= far, "{row} {at}");
    }

    #[test]
    fn many_incidents_share_the_last_row_and_none_is_lost() {
        let mut case = fixture::founding();
        let one = case.judgement.incidents[0].clone();
        case.judgement.incidents.extend((0..7).map(|_| one.clone()));
        let input = case.input();
        let band = &bands(&Scene::new(&input).unwrap())[0];
        assert_eq!(band.marks.iter().filter(|mark| matches!(mark, Mark::Incident { .. })).count(), 8);
        assert!(band.marks.iter().any(|mark| matches!(mark, Mark::Label { text, .. } if text == "4 more incidents")));
    }
}
