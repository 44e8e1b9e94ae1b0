//! The pictures beside the timeline, one file each, and what they share: a sheet with its heading, and shares with their
//! intervals on it.
//!
//! Write `figures/<name>.rs` with a [`Draw`], and add it to [`FIGURES`].

use super::canvas::{Canvas, TextBox};
use super::ink::{self, Ink, Theme};
use super::mark::{Shape, Side};
use super::theme::{LEFT, SMALL, SUBTITLE};
use super::{draw, text};
use crate::error::Error;
use crate::report::input::Input;
use crate::stats::proportion_interval;

pub mod dose_response;
pub mod exposure;
pub mod posterior;

/// Draws a picture beside the timeline; `None` where it has nothing to show.
pub type Draw = fn(&Input<'_>, Theme) -> Result<Option<Figure>, Error>;

/// The pictures beside the timeline, each with the name of its file within the report's folder.
pub const FIGURES: &[(&str, Draw)] = &[
    ("figures/posterior.svg", posterior::posterior),
    ("figures/dose-response.svg", dose_response::dose_response),
    ("figures/exposure.svg", exposure::exposure),
];

/// A picture of its own.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The picture, a whole SVG document without references to anything outside.
    pub svg: String,
    /// What it shows, in words, for those who cannot see it.
    pub words: String,
    /// Width of the sheet in pixels.
    pub width: i32,
    /// Height of the sheet in pixels.
    pub height: i32,
    /// Where each text stands, for the test that none covers another.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by tests"))]
    pub(crate) texts: Vec<TextBox>,
}

/// Width of a figure at 1x: two stand side by side where the timeline has its whole width.
pub(crate) const FIGURE_WIDTH: i32 = 700;
/// Right edge of what a figure shows.
pub(crate) const FIGURE_RIGHT: i32 = FIGURE_WIDTH - LEFT;
/// The least distance of two labels of a scale of roots.
const TICK_PIXELS: i32 = 40;
/// Size of the heading.
const HEADING: f64 = 15.0;
const HEADING_LINE: i32 = 20;
const SUBTITLE_LINE: i32 = 17;

/// The words over a figure.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    title: Vec<String>,
    subtitle: Vec<String>,
    words: String,
}

impl Heading {
    /// Breaks title and subtitle into lines.
    pub(crate) fn new(title: &str, subtitle: &str) -> Self {
        let width = FIGURE_WIDTH - 2 * LEFT;
        Self {
            title: text::two_lines(&text::clean(title), width, HEADING, true),
            subtitle: text::two_lines(&text::clean(subtitle), width, SUBTITLE - 1.5, false),
            words: format!("{title}. {subtitle}"),
        }
    }

    /// Where the figure begins below the words.
    pub(crate) fn bottom(&self) -> i32 {
        20 + HEADING_LINE * self.title.len() as i32 + SUBTITLE_LINE * self.subtitle.len() as i32 + 10
    }
}

/// Draws a sheet of that height: its heading, and what `paint` adds.
pub(crate) fn sheet(
    heading: &Heading,
    height: i32,
    theme: Theme,
    paint: impl FnOnce(&mut Canvas<'_>) -> Result<(), Error>,
) -> Result<Figure, Error> {
    let mut svg = String::new();
    let mut canvas = Canvas::new(&mut svg, (FIGURE_WIDTH, height), theme)?;
    let mut y = 26;
    for line in &heading.title {
        canvas.text(line, (LEFT, y), Side::Right, HEADING, Ink::Text, true)?;
        y += HEADING_LINE;
    }
    for line in &heading.subtitle {
        canvas.text(line, (LEFT, y), Side::Right, SUBTITLE - 1.5, Ink::Quiet, false)?;
        y += SUBTITLE_LINE;
    }
    paint(&mut canvas)?;
    let texts = canvas.finish()?;
    if theme == Theme::Page {
        svg = ink::with_properties(&svg);
    }
    let svg = text::described(&svg, &heading.title.join(" "), &heading.words);
    Ok(Figure { svg, words: heading.words.clone(), width: FIGURE_WIDTH, height, texts })
}

/// Failures out of tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Failures.
    pub(crate) failed: usize,
    /// Tries.
    pub(crate) tried: usize,
}

impl Tally {
    /// Counts one try.
    pub(crate) fn add(&mut self, has_failed: bool) {
        self.tried += 1;
        self.failed += usize::from(has_failed);
    }

    /// The share; `None` without tries.
    pub(crate) fn share(self) -> Option<f64> {
        (self.tried > 0).then(|| self.failed as f64 / self.tried as f64)
    }

    /// Its 95 % interval.
    pub(crate) fn interval(self) -> (f64, f64) {
        proportion_interval(self.failed, self.tried)
    }
}

/// The upper end of a scale of shares: a round one not below the greatest.
pub(crate) fn round_share(max: f64) -> f64 {
    [0.02, 0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.80, 1.0].into_iter().find(|step| *step >= max).unwrap_or(1.0)
}

/// Shares from 0 between two edges, which may lie in either direction: across or upward.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Where 0 stands, in pixels.
    pub(crate) from: i32,
    /// Where the greatest value stands, in pixels.
    pub(crate) to: i32,
    /// The greatest value.
    pub(crate) max: f64,
    /// Whether places grow with the square root of values: zero keeps its place, and small shares are told from it.
    pub(crate) is_rooted: bool,
}

impl Scale {
    /// Where a value stands; beyond the end at the end.
    pub(crate) fn at(&self, value: f64) -> i32 {
        let share = (value / self.max).clamp(0.0, 1.0);
        let share = if self.is_rooted { share.sqrt() } else { share };
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }

    /// The values of the grid: even and round ones, or round shares with room between them where places are roots.
    fn ticks(&self) -> Vec<f64> {
        if !self.is_rooted {
            let n_steps = match (self.max * 100.0).round() as i32 {
                30 | 60 => 3,
                5 | 10 | 50 | 100 => 5,
                _ => 4,
            };
            return (0..=n_steps).map(|step| self.max * f64::from(step) / f64::from(n_steps)).collect();
        }
        let mut ticks = vec![self.max, 0.0];
        for value in [0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001] {
            let is_free = |tick: &f64| (self.at(*tick) - self.at(value)).abs() >= TICK_PIXELS;
            if value < self.max && ticks.iter().all(is_free) {
                ticks.push(value);
            }
        }
        ticks
    }

    /// Grid and labels of a scale across.
    pub(crate) fn across(&self, canvas: &mut Canvas<'_>, top: i32, bottom: i32) -> Result<(), Error> {
        for value in self.ticks() {
            let x = self.at(value);
            canvas.line(&[(x, top), (x, bottom)], Ink::Grid, 1)?;
            canvas.text(&percent(value), (x, bottom + 12), Side::Middle, SMALL, Ink::Quiet, false)?;
        }
        Ok(())
    }

    /// Grid and labels of a scale upward.
    pub(crate) fn upward(&self, canvas: &mut Canvas<'_>, left: i32, right: i32) -> Result<(), Error> {
        for value in self.ticks() {
            let y = self.at(value);
            canvas.line(&[(left, y), (right, y)], if value > 0.0 { Ink::Grid } else { Ink::Missing }, 1)?;
            canvas.text(&percent(value), (left - 10, y), Side::Left, SMALL, Ink::Quiet, false)?;
        }
        Ok(())
    }
}

fn percent(value: f64) -> String {
    let percent = (value * 1_000.0).round() / 10.0;
    format!("{percent}%")
}

/// A sign for a series or a change, small enough for rows.
pub(crate) fn sign(canvas: &mut Canvas<'_>, at: (i32, i32), shape: Shape, ink: Ink) -> Result<(), Error> {
    draw::symbol(canvas, at, shape, ink, 5)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// No text covers another or leaves the sheet.
    pub(crate) fn check(figure: &Figure, name: &str) {
        for (idx, a) in figure.texts.iter().enumerate() {
            assert!(a.left >= 0 && a.right <= figure.width && a.top >= 0 && a.bottom <= figure.height, "{name}: {a:?}");
            for b in &figure.texts[idx + 1..] {
                let meets = a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
                assert!(!meets, "{name}: {a:?} {b:?}");
            }
        }
        assert!(resvg::usvg::Tree::from_str(&figure.svg, &resvg::usvg::Options::default()).is_ok(), "{name}");
    }

    #[test]
    fn scales_end_at_round_shares() {
        assert_eq!([0.0, 0.11, 0.51, 0.9].map(round_share), [0.02, 0.2, 0.6, 1.0]);
        assert_eq!([0.125, 0.0, 0.005].map(percent), ["12.5%", "0%", "0.5%"]);
        let scale = Scale { from: 100, to: 0, max: 0.5, is_rooted: false };
        assert_eq!([0.0, 0.25, 0.9].map(|value| scale.at(value)), [100, 50, 0]);
        let labels = |max: f64| Scale { max, ..scale }.ticks().into_iter().map(percent).collect::<Vec<_>>().join(" ");
        assert_eq!(labels(0.05), "0% 1% 2% 3% 4% 5%");
        assert_eq!(labels(0.6), "0% 20% 40% 60%");
        let rooted = Scale { is_rooted: true, ..scale };
        assert_eq!([0.0, 0.005, 0.125, 0.5].map(|value| rooted.at(value)), [100, 90, 50, 0]);
        assert_eq!(Scale { to: 380, max: 0.4, ..rooted }.ticks(), [0.4, 0.0, 0.2, 0.1, 0.05, 0.01]);
    }
}
