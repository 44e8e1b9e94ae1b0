//! `timeline.png` and `timeline@2x.png`: the timeline for chats and slides, with its font inside.

use super::{File, Format, Report};
use crate::error::Error;
use crate::report::chart;

/// `timeline.png` and `timeline@2x.png`.
pub const FORMAT: Format = Format { name: "png", is_default: true, render };

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let svg = &report.timeline()?.svg;
    Ok(vec![
        File { name: "timeline.png", bytes: chart::png(svg, 1)? },
        File { name: "timeline@2x.png", bytes: chart::png(svg, 2)? },
    ])
}
