//! How far the reading is, on a terminal only.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::Terminal;

/// A bar in bytes: files differ a thousandfold in size, so files would be no measure.
pub(crate) fn bytes(total: u64, terminal: Terminal) -> ProgressBar {
    if terminal.quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.set_style(style("{msg} {wide_bar} {bytes}/{total_bytes}"));
    bar.set_message("reading");
    bar
}

/// A spinner for work without a measure.
pub(crate) fn spinner(message: &'static str, terminal: Terminal) -> ProgressBar {
    if terminal.quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style("{spinner} {msg}"));
    bar.set_message(message);
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
