//! `summary.txt`: at most ten lines to paste into a chat. Nothing is sent.

use super::{File, Format, Report};
use crate::error::Error;
use crate::report::summary::{Role, entries};
use crate::report::wording;

/// `summary.txt`.
pub const FORMAT: Format = Format { name: "chat", is_default: false, render };

/// Most lines.
const MAX_LINES: usize = 10;
/// Most characters of a line: a chat folds what is longer.
const MAX_COLUMNS: usize = 400;
/// What is left out first if there is too much.
const DISPENSABLE: &[Role] = &[Role::RunnerUp, Role::Latent, Role::Acquitted];

#[expect(clippy::unnecessary_wraps, reason = "every format may fail")]
fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let mut told = entries(&report.input);
    for role in DISPENSABLE {
        if told.len() > MAX_LINES {
            told.retain(|(one, _, _)| one != role);
        }
    }
    let mut text = String::new();
    for (_, name, words) in told.into_iter().take(MAX_LINES) {
        let line = match name {
            "" | "finding" => words,
            name => format!("{}: {words}", wording::capitalized(name)),
        };
        text.push_str(&plain(&line));
        text.push('\n');
    }
    Ok(vec![File { name: "summary.txt", bytes: text.into_bytes() }])
}

/// Takes away what a chat would act on: mentions (`@here`, `<!channel>`), code, line breaks, marks of direction.
fn plain(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|letter| match letter {
            '<' => '\u{2039}',
            '>' => '\u{203a}',
            '@' => '\u{ff20}',
            '`' => '\'',
            '*' => '\u{2217}',
            '~' => '\u{223c}',
            letter if letter.is_control() || is_mark(letter) => ' ',
            letter => letter,
        })
        .collect();
    if line.chars().count() <= MAX_COLUMNS {
        return line;
    }
    let cut: String = line.chars().take(MAX_COLUMNS - 1).collect();
    format!("{}…", cut.trim_end())
}

/// Whether a letter is not seen and turns the direction of others, or breaks the line.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn text_of(case: &fixture::Case) -> String {
        let files = render(&Report::new(case.input())).unwrap();
        String::from_utf8(files.into_iter().next().unwrap().bytes).unwrap()
    }

    #[test]
    fn ten_lines_say_what_matters() {
        for case in fixture::all() {
            let text = text_of(&case);
            assert!(text.lines().count() <= MAX_LINES, "{}\n{text}", case.title);
            assert!(text.lines().all(|line| line.chars().count() <= MAX_COLUMNS && !line.is_empty()), "{text}");
        }
        let text = text_of(&fixture::founding());
        for wanted in ["FSLogix Apps 2.9.8171.14983", "Acquitted: ", "Remedy: ", "people", "minutes"] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
    }

    #[test]
    fn a_log_cannot_call_everybody() {
        let mut case = fixture::founding();
        for change in &mut case.tables.changes {
            change.component = "<!channel> @here `x`\u{202e}\n*b*".into();
        }
        let text = text_of(&case);
        assert!(text.contains("\u{ff20}here"), "{text}");
        assert!(!text.contains(['<', '@', '`', '*', '\u{202e}']), "{text}");
        assert!(text.lines().count() <= MAX_LINES);
    }
}
