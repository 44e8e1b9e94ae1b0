//! Sizes and colors of the timeline.
//!
//! Categories take the colors of Okabe and Ito, which people with any color vision can tell apart;
//! every color comes with a second channel: a shape, a place or a word. Few colors, because a chart
//! in which all is colored points at nothing.
//!
//! Source: Okabe and Ito, Color Universal Design (2008).

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

/// What a color stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ink {
    /// Text.
    Text,
    /// Text of less weight.
    Quiet,
    /// Lines of the grid.
    Grid,
    /// The span of the incident.
    Shade,
    /// Hatching of what no source covers.
    Missing,
    /// The guilty change, and the failures of its signature.
    Guilty,
    /// A change that contributes; failures of the second signature.
    Contributing,
    /// A change that is innocent.
    Acquitted,
    /// A change of which nothing is proven.
    Unproven,
    /// What ended it.
    Remedy,
    /// Failures of the third signature.
    Third,
    /// Failures of further signatures.
    Other,
    /// The share of attempts that failed.
    Share,
    /// People arriving.
    Arriving,
    /// Sessions open.
    Open,
    /// Sessions that did not close.
    Unclosed,
    /// A tile in which attempts were made and none failed.
    Calm,
    /// Tiles by the share that failed, from little to much.
    Heat(u8),
    /// Paper.
    Paper,
}

impl Ink {
    /// Red, green and blue.
    pub(crate) fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Text => (0x1F, 0x29, 0x33),
            Self::Quiet => (0x5B, 0x66, 0x70),
            Self::Grid => (0xE9, 0xEC, 0xEF),
            Self::Shade => (0xFD, 0xF1, 0xE6),
            Self::Missing => (0xC4, 0xCA, 0xD0),
            Self::Guilty => (0xD5, 0x5E, 0x00),
            Self::Contributing => (0xE6, 0x9F, 0x00),
            Self::Acquitted => (0x6B, 0x75, 0x80),
            Self::Unproven | Self::Third => (0xCC, 0x79, 0xA7),
            Self::Remedy => (0x00, 0x9E, 0x73),
            Self::Other => (0x8A, 0x94, 0x9E),
            Self::Share => (0x4A, 0x55, 0x60),
            Self::Arriving => (0x9C, 0xD0, 0xF0),
            Self::Open => (0x00, 0x72, 0xB2),
            Self::Unclosed => (0xB8, 0x5C, 0x8E),
            Self::Calm => (0xE3, 0xE9, 0xEE),
            Self::Heat(0) => (0xFB, 0xD9, 0xB5),
            Self::Heat(1) => (0xF3, 0xA6, 0x5F),
            Self::Heat(2) => (0xD5, 0x5E, 0x00),
            Self::Heat(_) => (0x8A, 0x34, 0x00),
            Self::Paper => (0xFF, 0xFF, 0xFF),
        }
    }
}

/// Lower bounds of the shares of [`Ink::Heat`] 1, 2 and 3; everything above 0 is at least 0.
pub(crate) const HEAT_STEPS: [f64; 3] = [0.10, 0.25, 0.50];

/// Returns the ink of a tile in which that share of attempts failed.
pub(crate) fn heat(share: f64) -> Ink {
    if share <= 0.0 {
        return Ink::Calm;
    }
    Ink::Heat(HEAT_STEPS.iter().filter(|step| share >= **step).count() as u8)
}
