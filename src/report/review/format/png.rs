//! `review.png` and `review@2x.png`: the week's chart for chats and slides, with its font inside.

use super::{Format, WeekReport};
use crate::error::Error;
use crate::report::chart;
use crate::report::format::File;

/// `review.png` and `review@2x.png`.
pub const FORMAT: Format = Format { name: "png", render };

fn render(report: &WeekReport<'_>) -> Result<Vec<File>, Error> {
    let svg = &report.chart()?.svg;
    Ok(vec![
        File { name: "review.png", bytes: chart::png(svg, 1)? },
        File { name: "review@2x.png", bytes: chart::png(svg, 2)? },
    ])
}
