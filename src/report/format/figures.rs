//! `figures/*.svg`: the pictures beside the timeline, each only where there is something to show.

use super::{File, Format, Report};
use crate::error::Error;
use crate::report::chart::{FIGURES, Figure};

/// `figures/posterior.svg`, `figures/dose-response.svg`, `figures/exposure.svg`.
pub const FORMAT: Format = Format { name: "figures", is_default: true, render };

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for (name, draw) in FIGURES {
        if let Some(Figure { svg, .. }) = draw(&report.input, report.theme)? {
            files.push(File { name, bytes: svg.into_bytes() });
        }
    }
    Ok(files)
}
