//! Sizes of the timeline, and the steps of its heat.

pub(crate) use super::ink::Ink;

/// Width of the picture at 1x, in pixels.
pub(crate) const WIDTH: i32 = 1400;
/// Left edge of all text.
pub(crate) const LEFT: i32 = 28;
/// Right edge of the column of titles and host names.
pub(crate) const TITLES_RIGHT: i32 = 206;
/// Right edge of the numbers of vertical scales.
pub(crate) const SCALE_RIGHT: i32 = 248;
/// Left edge of the plot.
pub(crate) const PLOT_LEFT: i32 = 258;
/// Right edge of the plot.
pub(crate) const PLOT_RIGHT: i32 = 1372;
/// Blank between two bands of one lane.
pub(crate) const BAND_GAP: i32 = 10;
/// Blank between two lanes.
pub(crate) const LANE_GAP: i32 = 22;
/// Blank between the two parts of an axis with a scale break.
pub(crate) const BREAK: i32 = 10;

/// Size of the headline, in pixels.
pub(crate) const HEADLINE: f64 = 21.0;
/// Size of the line below it.
pub(crate) const SUBTITLE: f64 = 13.5;
/// Size of lane titles and of the labels of changes.
pub(crate) const TITLE: f64 = 12.5;
/// Size of all other text; the least that is readable at 1x.
pub(crate) const SMALL: f64 = 11.0;

/// Lower bounds of the shares of [`Ink::Heat`] 1, 2 and 3; everything above 0 is at least 0.
pub(crate) const HEAT_STEPS: [f64; 3] = [0.10, 0.25, 0.50];

/// Returns the ink of a tile in which that share of attempts failed.
pub(crate) fn heat(share: f64) -> Ink {
    if share <= 0.0 {
        return Ink::Calm;
    }
    Ink::Heat(HEAT_STEPS.iter().filter(|step| share >= **step).count() as u8)
}
