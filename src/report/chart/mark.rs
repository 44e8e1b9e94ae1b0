//! What a lane consists of before it is drawn: marks in units of time and value, so that lanes are tested without pictures.

use super::theme::Ink;
use crate::model::{Name, TimeRange, Timestamp};

/// One band of the timeline with its own vertical scale or its own rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// What it shows, by a name that does not change; see [`super::layout::PlacedBand::id`].
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: String,
    /// Lines below the title; they are the legend.
    pub(crate) notes: Vec<Note>,
    /// Height in pixels.
    pub(crate) height: i32,
    /// The upper end of the vertical scale, whose lower end is 0; `None` for bands of rows.
    pub(crate) scale: Option<Scale>,
    /// Rows from above, each with the name at its left; empty for bands with a scale.
    pub(crate) rows: Vec<Row>,
    /// The marks, the lowest layer first.
    pub(crate) marks: Vec<Mark>,
}

impl Band {
    /// Upper and lower edge of a row, below the upper edge of the band.
    pub(crate) fn row(&self, row: usize) -> (i32, i32) {
        let top = self.rows.iter().take(row).map(|row| row.height).sum::<i32>();
        (top, top + self.rows.get(row).map_or(0, |row| row.height))
    }
}

/// One line of a legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// A sign in the color of the marks that the text is about.
    pub(crate) key: Option<(&'static str, Ink)>,
    /// The text.
    pub(crate) text: String,
}

impl Note {
    /// A note about the whole band.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { key: None, text: text.into() }
    }

    /// A note about the marks of one color.
    pub(crate) fn about(sign: &'static str, ink: Ink, text: impl Into<String>) -> Self {
        Self { key: Some((sign, ink)), text: text.into() }
    }
}

/// The upper end of a vertical scale.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Its value.
    pub(crate) max: f64,
    /// It as text.
    pub(crate) label: String,
}

/// One row of a band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The name; empty for none.
    pub(crate) name: String,
    /// The hosts that it shows.
    pub(crate) hosts: Vec<Name>,
    /// Height in pixels.
    pub(crate) height: i32,
}

/// How a bar is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// In full.
    Solid,
    /// Outlined: the bin is shorter than the others.
    Hollow,
    /// Half pale: it carries its interval.
    Pale,
}

/// The shape of a change, by its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Guilty.
    Triangle,
    /// Contributing.
    HollowTriangle,
    /// Acquitted.
    Ring,
    /// Unproven.
    Diamond,
    /// Remedy.
    Plus,
}

/// On which side of its point a label stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// To the right.
    Right,
    /// To the left.
    Left,
    /// Over the point.
    Middle,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// A bar from 0 up.
    Bar {
        /// Its bin.
        span: TimeRange,
        /// Its height in units of the scale.
        value: f64,
        /// Its color.
        ink: Ink,
        /// How it is filled.
        fill: Fill,
    },
    /// The interval of a bar, from the lower to the upper bound.
    Error {
        /// The bin of its bar.
        span: TimeRange,
        /// Lower bound in units of the scale.
        lower: f64,
        /// Upper bound.
        upper: f64,
        /// Its color.
        ink: Ink,
    },
    /// A line of steps; it breaks where two steps do not touch.
    Steps {
        /// Spans and values in order.
        steps: Vec<(TimeRange, f64)>,
        /// Its color.
        ink: Ink,
    },
    /// A tile of a row.
    Tile {
        /// The row.
        row: usize,
        /// Its bin.
        span: TimeRange,
        /// Its color.
        ink: Ink,
    },
    /// A line at the foot of a row: what its host has.
    State {
        /// The row.
        row: usize,
        /// For how long.
        span: TimeRange,
        /// Its color.
        ink: Ink,
    },
    /// An incident from its onset to its end.
    Incident {
        /// The row.
        row: usize,
        /// The time.
        span: TimeRange,
        /// The worst hour.
        peak: Timestamp,
        /// Its color.
        ink: Ink,
    },
    /// The interval in which a moment of an incident lies.
    Between {
        /// The row.
        row: usize,
        /// The interval.
        span: TimeRange,
        /// Whether it belongs to the peak, whose sign stands above the middle.
        is_peak: bool,
    },
    /// Hatching: no source covers this.
    Missing {
        /// The row, or the whole band.
        row: Option<usize>,
        /// The time.
        span: TimeRange,
    },
    /// A change.
    Symbol {
        /// The row.
        row: usize,
        /// When.
        at: Timestamp,
        /// Its shape.
        shape: Shape,
        /// Its color.
        ink: Ink,
        /// Half its size in pixels.
        radius: i32,
        /// The ids of the changes that it stands for.
        changes: Vec<String>,
    },
    /// A thin line over the time in which hosts got a change.
    Reach {
        /// The row.
        row: usize,
        /// From the first host to the last.
        span: TimeRange,
        /// Its color.
        ink: Ink,
    },
    /// Words.
    Label {
        /// The row.
        row: usize,
        /// The point that it belongs to.
        at: Timestamp,
        /// Its side of the point.
        side: Side,
        /// Pixels between point and text.
        distance: i32,
        /// The words.
        text: String,
        /// Its color.
        ink: Ink,
        /// Whether it is set bold.
        bold: bool,
    },
}
