//! Draws bands: titles and scales at the left, marks in the plot.

use super::axis::Axis;
use super::canvas::Canvas;
use super::mark::{Band, Fill, Mark, Shape, Side};
use super::text;
use super::theme::{Ink, LEFT, PLOT_LEFT, PLOT_RIGHT, SCALE_RIGHT, SMALL, TITLE, TITLES_RIGHT};
use crate::error::Error;
use crate::model::{TimeRange, Timestamp};

/// Distance of the lines of a hatching, in pixels.
const HATCH: i32 = 6;
/// The least height of a bar that is not 0: a single failure in seven weeks must be seen.
const LEAST_BAR: i32 = 3;
/// Height of the line at the foot of a row, with the blank below it.
const STATE: i32 = 3;
/// That line is on many rows: it must not outweigh the tiles above it.
pub(crate) const STATE_OPACITY: f64 = 0.55;
/// By how much the peak of an incident stands above the middle of its row, in pixels.
const PEAK_ABOVE: i32 = 7;
/// Title and notes of a band of rows stand beside the names of the rows this far down, in pixels.
const NOTES_HEIGHT: i32 = 120;
/// Narrower than this there are no notes.
const NOTES_PIXELS: i32 = 100;
/// The widest name of a row, in pixels.
const NAME_PIXELS: i32 = 148;

/// Draws one band with its upper edge at `top`.
pub(crate) fn band(canvas: &mut Canvas<'_>, axis: &Axis, band: &Band, top: i32) -> Result<(), Error> {
    let frame = Frame { axis, band, top };
    for mark in &band.marks {
        frame.mark(canvas, mark)?;
    }
    frame.scale(canvas)
}

/// Writes what nothing may cut: symbols, labels, title, notes, names of rows.
pub(crate) fn words(canvas: &mut Canvas<'_>, axis: &Axis, band: &Band, top: i32) -> Result<(), Error> {
    let frame = Frame { axis, band, top };
    for mark in &band.marks {
        frame.sign(canvas, mark)?;
    }
    frame.sides(canvas)
}

/// A band in its place.
struct Frame<'a> {
    axis: &'a Axis,
    band: &'a Band,
    top: i32,
}

impl Frame<'_> {
    fn bottom(&self) -> i32 {
        self.top + self.band.height
    }

    fn y(&self, value: f64) -> i32 {
        let max = self.band.scale.as_ref().map_or(1.0, |scale| scale.max);
        self.bottom() - ((value / max).clamp(0.0, 1.0) * f64::from(self.band.height)).round() as i32
    }

    /// Upper and lower edge of a row.
    fn row(&self, row: usize) -> (i32, i32) {
        let (top, bottom) = self.band.row(row);
        (self.top + top, self.top + bottom)
    }

    fn middle(&self, row: usize) -> i32 {
        let (top, bottom) = self.row(row);
        i32::midpoint(top, bottom)
    }

    fn pixels(&self, span: &TimeRange) -> (i32, i32) {
        let (left, right) = self.axis.pixels(span);
        let left = left.round() as i32;
        (left, (right.round() as i32).max(left + 1))
    }

    fn mark(&self, canvas: &mut Canvas<'_>, mark: &Mark) -> Result<(), Error> {
        match mark {
            Mark::Bar { span, value, ink, fill } => self.bar(canvas, span, *value, *ink, *fill),
            Mark::Error { span, lower, upper, ink } => {
                let (left, right) = self.pixels(span);
                let (x, low, high) = ((left + right - 1) / 2, self.y(*lower), self.y(*upper));
                // Where the bar says it as well, a line is only noise.
                if low - high < LEAST_BAR { Ok(()) } else { canvas.line(&[(x, low), (x, high)], *ink, 1) }
            }
            Mark::Steps { steps, ink } => self.steps(canvas, steps, *ink),
            Mark::Tile { row, span, ink } => {
                let ((left, right), (top, bottom)) = (self.pixels(span), self.row(*row));
                canvas.fill((left, top + 1), (right, bottom - 1), *ink)
            }
            Mark::State { row, span, ink } => {
                let ((left, right), (_, bottom)) = (self.pixels(span), self.row(*row));
                canvas.wash((left, bottom - STATE), (right, bottom - 1), *ink, STATE_OPACITY)
            }
            Mark::Incident { row, span, peak, ink } => self.incident(canvas, self.middle(*row), span, *peak, *ink),
            Mark::Between { row, span, is_peak } => {
                let y = self.middle(*row) - if *is_peak { PEAK_ABOVE } else { 0 };
                let reach = if *is_peak { 2 } else { 4 };
                let (left, right) = self.pixels(span);
                canvas.line(&[(left, y), (right, y)], Ink::Text, 1)?;
                canvas.line(&[(left, y - reach), (left, y + reach)], Ink::Text, 1)?;
                canvas.line(&[(right, y - reach), (right, y + reach)], Ink::Text, 1)
            }
            Mark::Missing { row, span } => {
                let (top, bottom) = row.map_or((self.top, self.bottom()), |row| self.row(row));
                self.hatch(canvas, span, top + 1, bottom - 1)
            }
            Mark::Reach { row, span, ink } => {
                let (left, right) = (self.axis.x(span.start).round() as i32, self.axis.x(span.end).round() as i32);
                let y = self.middle(*row);
                canvas.line(&[(left, y), (right, y)], *ink, 2)?;
                canvas.line(&[(right, y - 4), (right, y + 4)], *ink, 2)
            }
            Mark::Symbol { .. } | Mark::Label { .. } => Ok(()),
        }
    }

    /// A symbol or a label.
    fn sign(&self, canvas: &mut Canvas<'_>, mark: &Mark) -> Result<(), Error> {
        if let Mark::Symbol { row, at, shape, ink, radius, .. } = mark {
            return symbol(canvas, (self.axis.x(*at).round() as i32, self.middle(*row)), *shape, *ink, *radius);
        }
        let Mark::Label { row, at, side, distance, text, ink, bold } = mark else { return Ok(()) };
        let x = self.axis.x(*at).round() as i32;
        let (x, size) = match side {
            Side::Right => (x + distance, TITLE),
            Side::Left => (x - distance, TITLE),
            Side::Middle => (x, SMALL),
        };
        canvas.text(text, (x, self.middle(*row)), *side, size, *ink, *bold)
    }

    fn bar(&self, canvas: &mut Canvas<'_>, span: &TimeRange, value: f64, ink: Ink, fill: Fill) -> Result<(), Error> {
        let (left, right) = self.pixels(span);
        // One pixel of air between bars, where there is room for it.
        let right = if right - left >= 4 { right - 1 } else { right };
        let (from, to) = ((left, self.y(value).min(self.bottom() - LEAST_BAR)), (right, self.bottom()));
        match fill {
            Fill::Solid => canvas.fill(from, to, ink),
            Fill::Pale => canvas.wash(from, to, ink, 0.45),
            Fill::Hollow => {
                canvas.wash(from, to, ink, 0.35)?;
                canvas.outline(from, (to.0 - 1, to.1), ink)
            }
        }
    }

    /// A bar as long as the incident, and a sign over its worst hour.
    fn incident(
        &self,
        canvas: &mut Canvas<'_>,
        y: i32,
        span: &TimeRange,
        peak: Timestamp,
        ink: Ink,
    ) -> Result<(), Error> {
        for part in &self.axis.parts {
            let shown = TimeRange { start: span.start.max(part.span.start), end: span.end.min(part.span.end) };
            if shown.seconds() > 0.0 {
                let (left, right) = self.pixels(&shown);
                canvas.fill((left, y - 3), (right.max(left + 2), y + 3), ink)?;
            }
        }
        if !self.axis.shows(peak) {
            return Ok(());
        }
        let (x, top) = (self.axis.x(peak).round() as i32, y - PEAK_ABOVE - 3);
        canvas.polygon(&[(x - 4, top), (x + 4, top), (x, top + 6)], Ink::Text)
    }

    fn steps(&self, canvas: &mut Canvas<'_>, steps: &[(TimeRange, f64)], ink: Ink) -> Result<(), Error> {
        let mut points: Vec<(i32, i32)> = Vec::new();
        let mut end = None;
        for (span, value) in steps {
            let (left, right) = self.pixels(span);
            // A break of the axis or of the data is a break of the line.
            let touches = end.is_some_and(|(at, x)| at == span.start && (left - x as i32).abs() <= 1);
            if !touches && !points.is_empty() {
                canvas.line(&points, ink, 2)?;
                points.clear();
            }
            let y = self.y(*value);
            points.extend([(left, y), (right, y)]);
            end = Some((span.end, f64::from(right)));
        }
        if points.is_empty() { Ok(()) } else { canvas.line(&points, ink, 2) }
    }

    fn hatch(&self, canvas: &mut Canvas<'_>, span: &TimeRange, top: i32, bottom: i32) -> Result<(), Error> {
        for part in &self.axis.parts {
            let shown = TimeRange { start: span.start.max(part.span.start), end: span.end.min(part.span.end) };
            if shown.seconds() <= 0.0 {
                continue;
            }
            let (left, right) = self.pixels(&shown);
            hatch(canvas, (left, top), (right - 1, bottom))?;
        }
        Ok(())
    }

    /// Title, notes and names of rows.
    fn sides(&self, canvas: &mut Canvas<'_>) -> Result<(), Error> {
        // In bands of rows the names of the rows stand at the right of the same column.
        let names: Vec<String> =
            self.band.rows.iter().map(|row| text::fitted(&text::clean(&row.name), NAME_PIXELS, SMALL, false)).collect();
        let beside = names.iter().enumerate().filter(|(idx, _)| self.row(*idx).0 < self.top + NOTES_HEIGHT);
        let widest = beside.map(|(_, name)| text::width(name, SMALL, false)).max().unwrap_or(0);
        let room = if widest > 0 { SCALE_RIGHT - widest - 12 - LEFT } else { TITLES_RIGHT - LEFT };
        let mut y = self.top + 7;
        for line in text::two_lines(&text::clean(&self.band.title), room, TITLE, true) {
            canvas.text(&line, (LEFT, y), Side::Right, TITLE, Ink::Text, true)?;
            y += 16;
        }
        // In a narrow strip cut words would say less than none.
        for note in self.band.notes.iter().filter(|_| room >= NOTES_PIXELS) {
            if let Some((key, ink)) = note.key {
                canvas.text(key, (LEFT, y), Side::Right, SMALL, ink, true)?;
            }
            let indent = if note.key.is_some() { 15 } else { 0 };
            for line in text::two_lines(&note.text, room - indent, SMALL, false) {
                canvas.text(&line, (LEFT + indent, y), Side::Right, SMALL, Ink::Quiet, false)?;
                y += 15;
            }
        }
        for (idx, (row, name)) in self.band.rows.iter().zip(&names).enumerate() {
            let (top, _) = self.row(idx);
            // A name of a small row is as high as two rows and stands between them.
            let middle = if row.height < 11 { top + row.height } else { self.middle(idx) };
            canvas.text(name, (SCALE_RIGHT, middle), Side::Left, SMALL, Ink::Text, false)?;
        }
        Ok(())
    }

    /// The line at 0 and both ends of the scale.
    fn scale(&self, canvas: &mut Canvas<'_>) -> Result<(), Error> {
        if let Some(scale) = &self.band.scale {
            canvas.line(&[(PLOT_LEFT, self.bottom()), (PLOT_RIGHT, self.bottom())], Ink::Missing, 1)?;
            canvas.text(&scale.label, (SCALE_RIGHT, self.top + 4), Side::Left, SMALL, Ink::Quiet, false)?;
            canvas.text("0", (SCALE_RIGHT, self.bottom() - 4), Side::Left, SMALL, Ink::Quiet, false)?;
        }
        Ok(())
    }
}

/// Hatches a rectangle.
pub(crate) fn hatch(
    canvas: &mut Canvas<'_>,
    (left, top): (i32, i32),
    (right, bottom): (i32, i32),
) -> Result<(), Error> {
    canvas.fill((left, top), (right, bottom), Ink::Paper)?;
    canvas.outline((left, top), (right, bottom), Ink::Missing)?;
    let height = bottom - top;
    // Lines on a grid of the whole picture, so that hatchings of neighbors continue each other.
    let mut foot = (left - height).div_euclid(HATCH) * HATCH;
    while foot < right {
        let (from, to) = (foot.max(left), (foot + height).min(right));
        if from < to {
            canvas.line(&[(from, bottom - (from - foot)), (to, bottom - (to - foot))], Ink::Missing, 1)?;
        }
        foot += HATCH;
    }
    Ok(())
}

/// Draws the shape of a verdict.
pub(crate) fn symbol(
    canvas: &mut Canvas<'_>,
    (x, y): (i32, i32),
    shape: Shape,
    ink: Ink,
    radius: i32,
) -> Result<(), Error> {
    let r = radius;
    match shape {
        Shape::Triangle => canvas.polygon(&[(x, y - r), (x + r, y + r - 1), (x - r, y + r - 1)], ink),
        Shape::HollowTriangle => {
            let corners = [(x, y - r), (x + r, y + r - 1), (x - r, y + r - 1)];
            canvas.polygon(&corners, Ink::Paper)?;
            canvas.line(&[corners[0], corners[1], corners[2], corners[0], corners[1]], ink, 2)
        }
        Shape::Ring => canvas.ring((x, y), r - 1, ink),
        Shape::Diamond => canvas.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], ink),
        Shape::Plus => {
            // An edge of paper keeps it apart from what lies below.
            canvas.line(&[(x - r, y), (x + r, y)], Ink::Paper, 6)?;
            canvas.line(&[(x, y - r), (x, y + r)], Ink::Paper, 6)?;
            canvas.line(&[(x - r, y), (x + r, y)], ink, 3)?;
            canvas.line(&[(x, y - r), (x, y + r)], ink, 3)
        }
    }
}
