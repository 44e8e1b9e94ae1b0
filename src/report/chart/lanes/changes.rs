//! Changes with their verdicts: shape, color and word. The most telling get a label, the others a place in a row of clusters.

use crate::frame::Change;
use crate::judge::Verdict;
use crate::model::TimeRange;
use crate::report::chart::mark::{Band, Mark, Row, Shape, Side};
use crate::report::chart::scene::{self, Scene};
use crate::report::chart::text;
use crate::report::chart::theme::{Ink, PLOT_LEFT, PLOT_RIGHT, SMALL, TITLE};
use crate::report::input::name_of;
use crate::report::wording::{number, verdict as words};

/// Rows of labels; what finds no room in them goes to the clusters.
const MAX_ROWS: usize = 6;
/// Labels at most: beyond that nobody reads them.
const MAX_LABELS: usize = 16;
const ROW_HEIGHT: i32 = 20;
/// Half the size of a symbol.
const RADIUS: i32 = 6;
/// Pixels between a symbol's middle and its label.
const DISTANCE: i32 = 12;
/// The widest name; that of what is guilty, contributes or ended it may be wider.
const NAME_PIXELS: i32 = 230;
/// Width of a cluster: a symbol and a number of three digits below it.
const CLUSTER_PIXELS: f64 = 26.0;

/// Changes.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let mut ranked: Vec<Item<'_>> = scene
        .input
        .tables
        .changes
        .iter()
        .filter(|change| scene.axis.shows(change.started_at))
        .map(|change| Item::new(scene, change))
        .collect();
    if ranked.is_empty() {
        return Vec::new();
    }
    ranked.sort_by(|a, b| {
        a.rank.cmp(&b.rank).then(a.distance_s.total_cmp(&b.distance_s)).then_with(|| a.change.id.cmp(&b.change.id))
    });
    let mut placed = Placed::default();
    let mut left_over = Vec::new();
    for (idx, item) in ranked.iter().enumerate() {
        // A label under the line of the guilty change is worse than one elsewhere, and better than none.
        if idx >= MAX_LABELS || !(placed.place(scene, item, true) || placed.place(scene, item, false)) {
            left_over.push(item);
        }
    }
    let n_rows = placed.rows.len();
    let mut rows: Vec<Row> =
        (0..n_rows).map(|_| Row { name: String::new(), hosts: Vec::new(), height: ROW_HEIGHT }).collect();
    let mut marks = placed.marks;
    if !left_over.is_empty() {
        rows.push(Row {
            name: format!("{} more, clustered", left_over.len()),
            hosts: Vec::new(),
            height: ROW_HEIGHT - 2,
        });
        rows.push(Row { name: String::new(), hosts: Vec::new(), height: ROW_HEIGHT - 6 });
        marks.extend(clusters(scene, &left_over, n_rows));
    }
    vec![Band {
        id: "changes".to_owned(),
        title: "Changes".to_owned(),
        notes: Vec::new(),
        height: rows.iter().map(|row| row.height).sum(),
        scale: None,
        rows,
        marks,
    }]
}

/// One change with its place in the order of importance.
struct Item<'a> {
    change: &'a Change,
    verdict: Option<Verdict>,
    probability: f64,
    rank: u8,
    /// Seconds between it and the onset.
    distance_s: f64,
}

impl<'a> Item<'a> {
    fn new(scene: &Scene<'_>, change: &'a Change) -> Self {
        let said = scene.verdict(change);
        let verdict = said.map(|(verdict, _)| verdict);
        let rank = match verdict {
            Some(Verdict::RootCause) => 0,
            Some(Verdict::Remedy) => 1,
            Some(Verdict::Contributing) => 2,
            _ if change.is_routine => 4,
            Some(Verdict::Acquitted | Verdict::Unproven) | None => 3,
        };
        let distance_s = scene.incident.map_or(0.0, |main| change.started_at.seconds_since(main.started_at).abs());
        Self { change, verdict, probability: said.map_or(0.0, |(_, probability)| probability), rank, distance_s }
    }

    /// Name, verdict and, where it says something, probability.
    fn label(&self) -> String {
        let name_pixels = if self.rank <= 2 { NAME_PIXELS + 100 } else { NAME_PIXELS };
        let name = text::fitted(&text::clean(&name_of(self.change)), name_pixels, TITLE, false);
        let unknown = if self.change.hosts_known { "" } else { ", hosts not known" };
        match self.verdict {
            Some(Verdict::RootCause) => {
                let word = words::verdict(Verdict::RootCause);
                format!("{name} · {word} {}{unknown}", number::percent(self.probability))
            }
            Some(verdict) => format!("{name} · {}{unknown}", words::verdict(verdict)),
            None => format!("{name}{unknown}"),
        }
    }

    /// From the first host to the last, as far as it is shown.
    fn reach(&self) -> TimeRange {
        let is_known = self.change.hosts_known;
        let times = self.change.hosts.iter().filter(|_| is_known).map(|host| host.in_force_at);
        let start = times.clone().min().unwrap_or(self.change.started_at);
        TimeRange { start, end: times.max().unwrap_or(start) }
    }
}

/// The rows of labels, with the pixels that are taken in each.
#[derive(Default)]
struct Placed {
    rows: Vec<Vec<(f64, f64)>>,
    marks: Vec<Mark>,
}

impl Placed {
    /// Puts a change with its label into the first row with room for both, clear of the guilty change's line if it must
    /// be; `false` if there is none.
    fn place(&mut self, scene: &Scene<'_>, item: &Item<'_>, must_be_clear: bool) -> bool {
        let reach = item.reach();
        let (first, last) = (scene.axis.x(reach.start), scene.axis.x(reach.end));
        let label = item.label();
        let bold = item.rank == 0;
        let width = f64::from(text::width(&label, TITLE, bold));
        let distance = f64::from(DISTANCE);
        let on_right = (first - distance, last + distance + width);
        let on_left = (first - distance - width, last + distance);
        let fits =
            |(from, to): (f64, f64)| from >= f64::from(PLOT_LEFT) - distance && to <= f64::from(PLOT_RIGHT) + 4.0;
        for row in 0..MAX_ROWS {
            if row == self.rows.len() {
                self.rows.push(Vec::new());
            }
            let is_free = |(from, to): (f64, f64)| {
                self.rows[row].iter().all(|taken| to + 10.0 < taken.0 || taken.1 + 10.0 < from)
            };
            // No label lies under the line of the guilty change.
            let line = scene.guilty_at().map(|at| scene.axis.x(at));
            let is_clear = |side: Side| {
                let (from, to) = match side {
                    Side::Left => (first - distance - width, first - distance),
                    _ => (last + distance, last + distance + width),
                };
                !must_be_clear || line.is_none_or(|line| line < from - 3.0 || to + 3.0 < line)
            };
            let choice = [(Side::Right, on_right), (Side::Left, on_left)]
                .into_iter()
                .find(|(side, span)| fits(*span) && is_free(*span) && is_clear(*side));
            if let Some((side, span)) = choice {
                self.rows[row].push(span);
                let (shape, ink) = scene::look(item.verdict);
                if last - first >= 2.0 {
                    self.marks.push(Mark::Reach { row, span: reach, ink });
                }
                let at = if side == Side::Right { reach.end } else { reach.start };
                let text_ink = if matches!(ink, Ink::Acquitted) { Ink::Quiet } else { Ink::Text };
                let changes = vec![item.change.id.clone()];
                self.marks.push(Mark::Symbol { row, at: reach.start, shape, ink, radius: RADIUS, changes });
                self.marks.push(Mark::Label { row, at, side, distance: DISTANCE, text: label, ink: text_ink, bold });
                return true;
            }
        }
        self.rows.retain(|row| !row.is_empty());
        false
    }
}

/// Changes without a label, drawn together where they stand too close: the worst verdict gives the shape, a number the size.
fn clusters(scene: &Scene<'_>, items: &[&Item<'_>], row: usize) -> Vec<Mark> {
    let mut by_cell: std::collections::BTreeMap<i64, Vec<&Item<'_>>> = std::collections::BTreeMap::new();
    for item in items {
        let cell = (scene.axis.x(item.change.started_at) - f64::from(PLOT_LEFT)) / CLUSTER_PIXELS;
        by_cell.entry(cell.floor() as i64).or_default().push(item);
    }
    let mut marks = Vec::new();
    for together in by_cell.values_mut() {
        together.sort_by_key(|item| item.change.started_at);
        let middle = together[together.len() / 2].change.started_at;
        let worst = together.iter().map(|item| scene::look(item.verdict)).min_by_key(|(shape, _)| match shape {
            Shape::Triangle | Shape::HollowTriangle => 0,
            Shape::Plus => 1,
            Shape::Diamond => 2,
            Shape::Ring => 3,
        });
        let Some((shape, ink)) = worst else { continue };
        let changes = together.iter().map(|item| item.change.id.clone()).collect();
        marks.push(Mark::Symbol { row, at: middle, shape, ink, radius: RADIUS - 2, changes });
        let text = together.len().to_string();
        // Middles of neighboring cells may stand close; a number that would not fit between them is left out.
        let half = f64::from(text::width(&text, SMALL, false)) / 2.0 + 2.0;
        let x = scene.axis.x(middle);
        let is_free = marks.iter().all(|mark| match mark {
            Mark::Label { at, text, .. } => {
                scene.axis.x(*at) + f64::from(text::width(text, SMALL, false)) / 2.0 + 2.0 < x - half
            }
            _ => true,
        });
        if together.len() > 1 && is_free {
            let label = Mark::Label {
                row: row + 1,
                at: middle,
                side: Side::Middle,
                distance: 0,
                text,
                ink: Ink::Quiet,
                bold: false,
            };
            marks.push(label);
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn band_of(case: &fixture::Case) -> Band {
        let input = case.input();
        bands(&Scene::new(&input).unwrap()).remove(0)
    }

    #[test]
    fn the_founding_changes_carry_their_verdicts() {
        let band = band_of(&fixture::founding());
        let labels: Vec<&str> = band
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Label { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(
            labels,
            [
                "FSLogix Apps 2.9.8171.14983 · root cause 96%",
                "FSLogix Apps 2.9.8228.50276 · remedy",
                "Ledger client 22.8.1 · acquitted",
                "Operating system restart · acquitted",
                "Operating system restart · unproven",
                "KB5015807 · acquitted"
            ]
        );
        let reach = band.marks.iter().find_map(|mark| match mark {
            Mark::Reach { row: 0, span, .. } => Some(*span),
            _ => None,
        });
        let wanted = TimeRange { start: fixture::at("2022-07-12T20:00:00Z"), end: fixture::at("2022-07-15T08:00:00Z") };
        assert_eq!(reach, Some(wanted), "the span over which hosts got it");
    }

    #[test]
    fn two_hundred_changes_are_all_there() {
        let band = band_of(&fixture::many_changes());
        let labels =
            band.marks.iter().filter(|mark| matches!(mark, Mark::Label { side: Side::Left | Side::Right, .. })).count();
        let n_clustered: usize =
            band.rows.iter().find_map(|row| row.name.strip_suffix(" more, clustered")).unwrap().parse().unwrap();
        assert_eq!(labels + n_clustered, 200);
        assert!(labels >= 6);
    }
}
