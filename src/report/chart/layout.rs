//! Where things stand in a drawn timeline, so that a page can lay its own marks over it without a second scale.

use super::axis::Axis;
use super::mark::{Band, Mark};
use super::theme::{PLOT_LEFT, PLOT_RIGHT, WIDTH};
use crate::model::{Name, TimeRange, Timestamp};

/// The places of a timeline, in pixels of its SVG at 1x; y grows downward.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Layout {
    /// Width of the sheet.
    pub width: i32,
    /// Height of the sheet.
    pub height: i32,
    /// Left edge of the plot.
    pub left: i32,
    /// Right edge of the plot.
    pub right: i32,
    /// Upper edge of the plot: below the upper axis, above the first band.
    pub top: i32,
    /// Lower edge of the plot.
    pub bottom: i32,
    /// The parts of the axis from left to right; none if the logs cover no time.
    pub parts: Vec<Part>,
    /// The bins of all bars and tiles, in order and without gaps.
    pub bins: Vec<TimeRange>,
    /// The unit of time of all rates, in seconds.
    pub unit_s: f64,
    /// The bands from above.
    pub bands: Vec<PlacedBand>,
}

/// A part of the axis; within it pixels are linear in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Its time.
    pub span: TimeRange,
    /// Where it begins, in pixels.
    pub left: f64,
    /// Where it ends, in pixels.
    pub right: f64,
    /// Length of its bins in seconds.
    pub bin_s: i64,
}

/// A band: a strip of the plot with a scale or rows of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedBand {
    /// What it shows, the same in every picture: `incidents`, `changes`, `failures/SIGNATURE`, `failures/other`, `share`, `load`, `closes`, `hosts`.
    pub id: String,
    /// Its title as the picture has it.
    pub title: String,
    /// Upper edge.
    pub top: i32,
    /// Lower edge, where the scale is 0.
    pub bottom: i32,
    /// The value at the upper edge; `None` for bands of rows.
    pub max: Option<f64>,
    /// Its rows from above; none for bands with a scale.
    pub rows: Vec<PlacedRow>,
    /// The symbols of changes in it.
    pub symbols: Vec<PlacedSymbol>,
}

/// A row of a band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRow {
    /// The hosts that it shows; none for rows that show changes.
    pub hosts: Vec<Name>,
    /// Upper edge.
    pub top: i32,
    /// Lower edge.
    pub bottom: i32,
}

/// The symbol of a change, or of several that stand too close.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedSymbol {
    /// The ids of the changes.
    pub changes: Vec<String>,
    /// The row within its band.
    pub row: usize,
    /// When.
    pub at: Timestamp,
    /// Its middle.
    pub x: i32,
    /// Its middle.
    pub y: i32,
    /// Half its size.
    pub radius: i32,
}

impl Layout {
    /// An empty sheet of that height; the plot reaches from `top` to `bottom`.
    pub(crate) fn new(axis: Option<&Axis>, height: i32, top: i32, bottom: i32) -> Self {
        Self {
            width: WIDTH,
            height,
            left: PLOT_LEFT,
            right: PLOT_RIGHT,
            top,
            bottom,
            parts: axis.map_or_else(Vec::new, |axis| axis.parts.clone()),
            bins: axis.map_or_else(Vec::new, |axis| axis.bins.iter().map(|bin| bin.span).collect()),
            unit_s: axis.map_or(0.0, |axis| axis.unit_s),
            bands: Vec::new(),
        }
    }

    /// Adds a band with its upper edge at `top`.
    pub(crate) fn push(&mut self, axis: &Axis, band: &Band, top: i32) {
        let edges = |row: usize| {
            let (upper, lower) = band.row(row);
            (top + upper, top + lower)
        };
        let rows = band.rows.iter().enumerate().map(|(idx, row)| {
            let (top, bottom) = edges(idx);
            PlacedRow { hosts: row.hosts.clone(), top, bottom }
        });
        let symbols = band.marks.iter().filter_map(|mark| match mark {
            Mark::Symbol { row, at, radius, changes, .. } => {
                let (upper, lower) = edges(*row);
                let (x, y) = (axis.x(*at).round() as i32, i32::midpoint(upper, lower));
                Some(PlacedSymbol { changes: changes.clone(), row: *row, at: *at, x, y, radius: *radius })
            }
            _ => None,
        });
        self.bands.push(PlacedBand {
            id: band.id.clone(),
            title: band.title.clone(),
            top,
            bottom: top + band.height,
            max: band.scale.as_ref().map(|scale| scale.max),
            rows: rows.collect(),
            symbols: symbols.collect(),
        });
    }
}
