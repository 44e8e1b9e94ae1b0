//! The chart of a week: changes with their verdicts, failures by day against the objective, the error budget as it
//! burnt, and each signature by hour beside the weeks before. The same lanes in the same order every week.

use super::canvas::{Canvas, TextBox};
use super::ink::Theme;
use super::layout::Layout;
use super::mark::{Shape, Side};
use super::theme::{Ink, SMALL, TITLE};
use super::{Chart, draw, scene, text};
use crate::error::Error;
use crate::model::{TimeRange, Timestamp};
use crate::report::input::Input;
use crate::report::wording::{number, review as words};
use crate::review::{Direction, Movement, Review, SLOTS};

/// Width of the picture at 1x, in pixels: narrower than the timeline, so that it can be read on a printed page.
const WIDTH: i32 = 960;
/// Left edge of all text.
const LEFT: i32 = 16;
/// Right edge of the numbers of scales.
const SCALE_RIGHT: i32 = 218;
/// Edges of the plot.
const PLOT: (i32, i32) = (226, 944);
/// Size of the headline.
const HEADLINE: f64 = 16.0;
/// Signatures that get a lane.
const MAX_LANES: usize = 5;
/// Rows of changes with a label.
const MAX_ROWS: usize = 6;
/// Heights of rows and lanes, and the blank between lanes.
const ROW: i32 = 19;
const BY_DAY: i32 = 58;
const BUDGET: i32 = 38;
const SIGNATURE: i32 = 30;
const GAP: i32 = 18;
/// The widest label of a change.
const LABEL_PIXELS: i32 = 300;

/// Draws a week; on a page that has a headline of its own, without one.
///
/// # Errors
///
/// [`Error::Render`] if the drawing library refuses.
pub fn week(input: &Input<'_>, review: &Review, has_headline: bool) -> Result<Chart, Error> {
    let mut svg = String::new();
    let (texts, layout) = drawn(&mut svg, input, review, has_headline)?;
    let svg = text::described(&svg, &words::headline(review), &words::chart_in_words(input, review));
    Ok(Chart { svg, layout, texts })
}

/// Draws it into `svg` and returns where its texts stand.
fn drawn(
    svg: &mut String,
    input: &Input<'_>,
    review: &Review,
    has_headline: bool,
) -> Result<(Vec<TextBox>, Layout), Error> {
    let headline = text::two_lines(&text::clean(&words::headline(review)), WIDTH - 2 * LEFT, HEADLINE, true);
    let headline = if has_headline { headline } else { Vec::new() };
    let top = if has_headline { 34 + 22 * headline.len() as i32 + 36 } else { 30 };
    let (labels, n_left) = labels(input, review);
    let n_rows = labels.iter().map(|label| label.row + 1).max().unwrap_or(1) + usize::from(n_left > 0);
    let lanes: Vec<&Movement> = words::shown(review).into_iter().take(MAX_LANES).collect();
    let changes = ROW * n_rows as i32;
    let signatures = (SIGNATURE + GAP) * lanes.len().max(1) as i32;
    let bottom = top + changes + GAP + BY_DAY + GAP + BUDGET + GAP + signatures - GAP / 2;
    let mut sheet = Sheet { canvas: Canvas::new(svg, (WIDTH, bottom + 56), Theme::Light)?, review };
    for (place, line) in headline.iter().enumerate() {
        sheet.canvas.text(line, (LEFT, 26 + 22 * place as i32), Side::Right, HEADLINE, Ink::Text, true)?;
    }
    let subtitle = if has_headline { words::days(review) } else { String::new() };
    sheet.canvas.text(&subtitle, (LEFT, 28 + 22 * headline.len() as i32), Side::Right, TITLE, Ink::Quiet, false)?;
    sheet.ground(input, top, bottom)?;
    let mut y = top;
    sheet.changes(&labels, n_left, y, n_rows)?;
    y += changes + GAP;
    sheet.by_day(y)?;
    y += BY_DAY + GAP;
    sheet.budget(input, y)?;
    y += BUDGET + GAP;
    for one in &lanes {
        sheet.signature(input, one, y)?;
        y += SIGNATURE + GAP;
    }
    if lanes.is_empty() {
        sheet.title(y, "Failures by signature", &["none this week".to_owned()])?;
    }
    sheet.legend(input, bottom + 38)?;
    Ok((sheet.canvas.finish()?, Layout::new(None, bottom + 56, top, bottom)))
}

/// A change with the place of its label.
struct Label {
    row: usize,
    x: i32,
    side: Side,
    text: String,
    bold: bool,
    shape: Shape,
    ink: Ink,
}

/// Where an instant of the week stands; others stand at the edges.
fn x(review: &Review, at: Timestamp) -> i32 {
    let share = at.seconds_since(review.span.start) / review.span.seconds().max(1.0);
    PLOT.0 + (share.clamp(0.0, 1.0) * f64::from(PLOT.1 - PLOT.0)).round() as i32
}

/// Puts changes with their labels into rows, the most telling first; returns how many found no room.
fn labels(input: &Input<'_>, review: &Review) -> (Vec<Label>, usize) {
    let mut rows: Vec<Vec<(i32, i32)>> = Vec::new();
    let mut labels: Vec<Label> = Vec::new();
    let mut n_left = 0;
    for one in words::telling_first(input, review) {
        let Some(change) = input.change(&one.change_id) else { continue };
        let verdict = words::gravest(input, review, &one.change_id);
        let (shape, ink) = if verdict.is_none() { (Shape::Ring, Ink::Acquitted) } else { scene::look(verdict) };
        let said = verdict
            .map_or(String::new(), |verdict| format!(" · {}", crate::report::wording::verdict::verdict(verdict)));
        let bold = matches!(shape, Shape::Triangle);
        let name = text::clean(&words::change(input, &one.change_id));
        let said_pixels = text::width(&said, SMALL, bold);
        let text = format!("{}{said}", text::fitted(&name, LABEL_PIXELS - said_pixels, SMALL, bold));
        let at = change.hosts.iter().map(|host| host.in_force_at).find(|at| review.span.contains(*at));
        let x = x(review, at.unwrap_or(change.started_at));
        let width = text::width(&text, SMALL, bold);
        let right = (x - 7, x + 12 + width);
        let (side, span) = if right.1 <= PLOT.1 { (Side::Right, right) } else { (Side::Left, (x - 12 - width, x + 7)) };
        let is_free = |row: &Vec<(i32, i32)>| row.iter().all(|taken| span.1 + 8 < taken.0 || taken.1 + 8 < span.0);
        let row = rows.iter().position(is_free).unwrap_or(rows.len());
        if row >= MAX_ROWS {
            n_left += 1;
            continue;
        }
        if row == rows.len() {
            rows.push(Vec::new());
        }
        rows[row].push(span);
        labels.push(Label { row, x, side, text, bold, shape, ink });
    }
    (labels, n_left)
}

/// The paper of one week.
struct Sheet<'a> {
    canvas: Canvas<'a>,
    review: &'a Review,
}

impl Sheet<'_> {
    fn pixels(&self, span: &TimeRange) -> (i32, i32) {
        let left = x(self.review, span.start);
        (left, x(self.review, span.end).max(left + 1))
    }

    /// Days, incidents, and what no log covers.
    fn ground(&mut self, input: &Input<'_>, top: i32, bottom: i32) -> Result<(), Error> {
        let review = self.review;
        for one in review.incidents.iter().filter_map(|place| input.judgement.incidents.get(*place)) {
            let end = one.ended_at.unwrap_or(review.span.end);
            let (left, right) = self.pixels(&TimeRange { start: one.started_at, end });
            self.canvas.fill((left, top - 6), (right.max(left + 2), bottom), Ink::Shade)?;
        }
        for span in review.coverage.missing() {
            let (left, right) = self.pixels(&span);
            draw::hatch(&mut self.canvas, (left, top - 6), (right - 1, bottom))?;
        }
        for day in &review.days {
            let (left, right) = self.pixels(day);
            self.canvas.line(&[(left, top - 6), (left, bottom)], Ink::Grid, 1)?;
            for y in [top - 16, bottom + 11] {
                let label = review.calendar.show(day.start, "%a %-d %b");
                self.canvas.text(&label, (i32::midpoint(left, right), y), Side::Middle, SMALL, Ink::Quiet, false)?;
            }
        }
        self.canvas.line(&[(PLOT.1, top - 6), (PLOT.1, bottom)], Ink::Grid, 1)
    }

    /// A lane's title with notes below it.
    fn title(&mut self, y: i32, title: &str, notes: &[String]) -> Result<(), Error> {
        let room = SCALE_RIGHT - 34 - LEFT;
        let mut line_y = y + 6;
        for line in text::two_lines(&text::clean(title), room, SMALL, true) {
            self.canvas.text(&line, (LEFT, line_y), Side::Right, SMALL, Ink::Text, true)?;
            line_y += 14;
        }
        for note in notes {
            let note = text::fitted(&text::clean(note), room, SMALL, false);
            self.canvas.text(&note, (LEFT, line_y), Side::Right, SMALL, Ink::Quiet, false)?;
            line_y += 14;
        }
        Ok(())
    }

    /// The line at 0 and the numbers of a scale.
    fn scale(&mut self, y: i32, height: i32, label: &str) -> Result<(), Error> {
        self.canvas.line(&[(PLOT.0, y + height), (PLOT.1, y + height)], Ink::Missing, 1)?;
        self.canvas.text(label, (SCALE_RIGHT, y + 4), Side::Left, SMALL, Ink::Quiet, false)?;
        self.canvas.text("0", (SCALE_RIGHT, y + height - 4), Side::Left, SMALL, Ink::Quiet, false)
    }

    fn changes(&mut self, labels: &[Label], n_left: usize, y: i32, n_rows: usize) -> Result<(), Error> {
        let none = if labels.is_empty() { vec!["none this week".to_owned()] } else { Vec::new() };
        self.title(y, "Changes", &none)?;
        for label in labels {
            let middle = y + ROW * label.row as i32 + 7;
            draw::symbol(&mut self.canvas, (label.x, middle), label.shape, label.ink, 5)?;
            let at = (label.x + if label.side == Side::Left { -12 } else { 12 }, middle);
            self.canvas.text(&label.text, at, label.side, SMALL, Ink::Text, label.bold)?;
        }
        if n_left > 0 {
            let at = (PLOT.0, y + ROW * (n_rows as i32 - 1) + 7);
            self.canvas.text(&format!("and {n_left} more"), at, Side::Right, SMALL, Ink::Quiet, false)?;
        }
        Ok(())
    }

    /// The share that failed by day, and the line that the objective draws.
    fn by_day(&mut self, y: i32) -> Result<(), Error> {
        let review = self.review;
        let allowed = 1.0 - review.objective.share();
        let share = |place: usize| {
            let score = &review.by_day[place];
            score.n_failed as f64 / score.n_wishes.max(1) as f64
        };
        let most = (0..7).map(share).fold(allowed * 1.5, f64::max);
        let max =
            [0.005, 0.01, 0.02, 0.05, 0.10, 0.20, 0.40, 0.60].into_iter().find(|step| *step >= most).unwrap_or(1.0);
        let height = BY_DAY - 14;
        let (top, bottom) = (y + 14, y + BY_DAY);
        let up = |value: f64| bottom - (value / max * f64::from(height)).round() as i32;
        self.title(y, "Failed first tries by day", &[format!("objective {}", words::objective(review))])?;
        self.scale(top, height, &number::percent(max))?;
        for (place, day) in review.days.iter().enumerate() {
            let score = &review.by_day[place];
            let (left, right) = self.pixels(day);
            if score.n_wishes == 0 {
                continue;
            }
            let value = share(place);
            let bar = (
                (left + 22, up(value).min(if score.n_failed > 0 { bottom - 3 } else { bottom })),
                (right - 22, bottom),
            );
            let ink =
                if score.is_met() == Some(false) && review.coverage.is_enough() { Ink::Guilty } else { Ink::Share };
            // Where a single failure breaks the objective, a broken one says little.
            if score.is_too_few() {
                self.canvas.wash(bar.0, bar.1, ink, 0.35)?;
            } else {
                self.canvas.fill(bar.0, bar.1, ink)?;
            }
            let label = format!("{} of {}", number::grouped(score.n_failed), number::grouped(score.n_wishes));
            let label_y = bar.0.1.min(up(allowed)) - 8;
            self.canvas.text(&label, (i32::midpoint(left, right), label_y), Side::Middle, SMALL, Ink::Text, false)?;
        }
        self.dashed(up(allowed))
    }

    /// A line that is to be kept below.
    fn dashed(&mut self, y: i32) -> Result<(), Error> {
        for left in (PLOT.0..PLOT.1).step_by(9) {
            self.canvas.line(&[(left, y), ((left + 5).min(PLOT.1), y)], Ink::Text, 1)?;
        }
        Ok(())
    }

    /// The budget as it burnt.
    fn budget(&mut self, input: &Input<'_>, y: i32) -> Result<(), Error> {
        let review = self.review;
        let score = &review.score;
        let note = format!("{} of {} failures", number::grouped(score.n_failed), number::short(score.budget));
        self.title(y, "Error budget burnt", &[note])?;
        let bottom = y + BUDGET;
        let Some(burnt) = score.burnt() else {
            self.scale(y, BUDGET, "")?;
            let at = (i32::midpoint(PLOT.0, PLOT.1), y + BUDGET / 2);
            let text = "The objective leaves no budget: each failure breaks it.";
            return self.canvas.text(text, at, Side::Middle, SMALL, Ink::Text, false);
        };
        let max = burnt.max(1.0) * 1.15;
        let up = |value: f64| bottom - (value / max * f64::from(BUDGET)).round() as i32;
        let (mut n, mut points) = (0.0, vec![(PLOT.0, bottom)]);
        for wish in review.wishes.iter().filter(|wish| wish.failed.is_some()) {
            let x = x(review, wish.at);
            points.push((x, up(n / score.budget)));
            n += 1.0;
            points.push((x, up(n / score.budget)));
        }
        // What no log covers burnt nothing that anybody knows of.
        let end = input.tables.window.map_or(PLOT.1, |window| x(review, window.end));
        points.push((end, up(burnt)));
        self.scale(y, BUDGET, "")?;
        self.canvas.text("100%", (SCALE_RIGHT, up(1.0).min(bottom - 17)), Side::Left, SMALL, Ink::Quiet, false)?;
        self.dashed(up(1.0))?;
        let ink = if burnt > 1.0 && review.coverage.is_enough() { Ink::Guilty } else { Ink::Share };
        self.canvas.line(&points, ink, 2)?;
        self.canvas.text(&words::burnt(score), (end - 4, up(burnt) - 9), Side::Left, SMALL, Ink::Text, true)
    }

    /// One signature by hour, with the most of any week before it behind.
    fn signature(&mut self, input: &Input<'_>, one: &Movement, y: i32) -> Result<(), Error> {
        let review = self.review;
        let ink = match one.direction {
            Direction::New | Direction::Risen => Ink::Guilty,
            Direction::Fallen | Direction::Gone => Ink::Remedy,
            Direction::Unchanged | Direction::TooFew | Direction::NotCompared => Ink::Share,
        };
        let said = format!("{} · {}", words::direction(one), words::cases(one, one.n_week));
        self.title(y, input.signature_title(&one.signature), &[said])?;
        let most = one.by_slot.iter().chain(&one.most_before).copied().max().unwrap_or(0).max(2);
        let up = |n: usize| y + SIGNATURE - (n as f64 / most as f64 * f64::from(SIGNATURE)).round() as i32;
        self.scale(y, SIGNATURE, &number::grouped(most))?;
        let hours = ((review.span.seconds() / 3_600.0).round() as usize).min(SLOTS + 2);
        for (n_of, ink) in [(&one.most_before, Ink::Arriving), (&one.by_slot, ink)] {
            for hour in 0..hours {
                let start = review.span.start.plus_seconds(hour as f64 * 3_600.0);
                let n = n_of.get(review.calendar.slot(start)).copied().unwrap_or(0);
                let (left, right) = self.pixels(&TimeRange { start, end: start.plus_seconds(3_600.0) });
                if n > 0 {
                    let right = if ink == Ink::Arriving { right } else { (right - 1).max(left + 1) };
                    self.canvas.fill((left, up(n)), (right, y + SIGNATURE), ink)?;
                }
            }
        }
        Ok(())
    }

    /// Shapes and tiles in words, and what made the picture.
    fn legend(&mut self, input: &Input<'_>, y: i32) -> Result<(), Error> {
        let shapes = [
            (Shape::Triangle, Ink::Guilty, "root cause"),
            (Shape::Ring, Ink::Acquitted, "acquitted"),
            (Shape::Diamond, Ink::Unproven, "unproven"),
            (Shape::Plus, Ink::Remedy, "remedy"),
        ];
        let mut x = LEFT + 6;
        for (shape, ink, word) in shapes {
            draw::symbol(&mut self.canvas, (x, y), shape, ink, 5)?;
            self.canvas.text(word, (x + 10, y), Side::Right, SMALL, Ink::Quiet, false)?;
            x += 10 + text::width(word, SMALL, false) + 16;
        }
        let tiles = [
            (Ink::Shade, "incident"),
            (Ink::Missing, "no log"),
            (Ink::Arriving, "most of any week before"),
            (Ink::Guilty, "new or risen"),
            (Ink::Remedy, "fallen or gone"),
        ];
        x += 4;
        for (ink, word) in tiles {
            match ink {
                Ink::Missing => draw::hatch(&mut self.canvas, (x, y - 5), (x + 13, y + 5))?,
                _ => self.canvas.fill((x, y - 5), (x + 13, y + 5), ink)?,
            }
            self.canvas.text(word, (x + 17, y), Side::Right, SMALL, Ink::Quiet, false)?;
            x += 17 + text::width(word, SMALL, false) + 12;
        }
        let made_by = format!("causeline {}", input.tool_version);
        let made_by = text::fitted(&made_by, (PLOT.1 - x).max(0), SMALL, false);
        self.canvas.text(&made_by, (PLOT.1, y), Side::Left, SMALL, Ink::Quiet, false)
    }
}

#[cfg(test)]
impl Chart {
    /// Texts that cover one another.
    pub(crate) fn overlaps(&self) -> Vec<(String, String)> {
        let covers =
            |a: &TextBox, b: &TextBox| a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        let pairs =
            self.texts.iter().enumerate().flat_map(|(place, a)| self.texts[place + 1..].iter().map(move |b| (a, b)));
        pairs.filter(|(a, b)| covers(a, b)).map(|(a, b)| (a.text.clone(), b.text.clone())).collect()
    }
}
