//! The only place that writes to the terminal.
//!
//! A log can hold escape sequences; nothing that came out of one reaches a terminal without [`plain`].

use std::io::{self, IsTerminal, Write};

use super::args::{ColorChoice, TerminalArgs};

/// How to talk on this run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) color: bool,
}

impl Terminal {
    pub(crate) fn new(args: &TerminalArgs) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the terminal's own conventions are settings of the command")]
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let color = match args.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => io::stdout().is_terminal() && !refused,
        };
        Self { quiet: args.quiet, verbose: args.verbose, color }
    }

    /// Paints `text` with an SGR code if colors are on.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Says something about the run on standard error.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            // Standard error gone is no reason to stop.
            let _ = writeln!(io::stderr(), "{}", plain(text));
        }
    }
}

/// Says why a run ends, on standard error, quiet or not.
pub(crate) fn complain(error: &dyn std::error::Error) {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    let _ = writeln!(io::stderr(), "{}", plain(&text));
}

/// Replaces control characters, so that a log cannot drive the terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_a_log_lose_their_power() {
        assert_eq!(plain("a\x1b[31mb\nc\u{9b}d"), "a\u{fffd}[31mb\nc\u{fffd}d");
    }
}
