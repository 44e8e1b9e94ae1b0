//! The posterior as bars: every cause that is worth a line, what is left, and what no log shows.

use super::{FIGURE_RIGHT, Figure, Heading, Scale, sheet};
use crate::error::Error;
use crate::judge::{Candidate, CauseKind, Incident};
use crate::report::chart::ink::{Ink, Theme};
use crate::report::chart::mark::Side;
use crate::report::chart::text;
use crate::report::chart::theme::{LEFT, SMALL, TITLE};
use crate::report::input::Input;
use crate::report::wording::{self, figures, incident, number};

/// Causes with a bar of their own, the unknown one aside.
const MAX_BARS: usize = 6;
/// Less than this is summed with the others.
const LEAST: f64 = 0.005;
const ROW: i32 = 26;
/// Left and right edge of the bars.
const BARS: (i32, i32) = (340, FIGURE_RIGHT - 60);

/// Draws the posterior of the main incident; `None` without one.
///
/// # Errors
///
/// [`Error::Render`] if the drawing library refuses.
pub fn posterior(input: &Input<'_>, theme: Theme) -> Result<Option<Figure>, Error> {
    let Some(main) = input.main_incident() else { return Ok(None) };
    let bars = bars(input, main);
    let heading = Heading::new(figures::POSTERIOR, &incident::title(input, main));
    let top = heading.bottom();
    let bottom = top + ROW * bars.len() as i32;
    let scale = Scale { from: BARS.0, to: BARS.1, max: 1.0, is_rooted: false };
    let figure = sheet(&heading, bottom + 30, theme, |canvas| {
        scale.across(canvas, top, bottom)?;
        for (idx, bar) in bars.iter().enumerate() {
            let y = top + ROW * idx as i32 + ROW / 2;
            let ink = if bar.is_named { Ink::Text } else { Ink::Quiet };
            let name = text::fitted(&text::clean(&bar.name), BARS.0 - LEFT - 12, TITLE, bar.is_named);
            canvas.text(&name, (BARS.0 - 12, y), Side::Left, TITLE, ink, bar.is_named)?;
            let (from, to) = ((BARS.0, y - 7), (scale.at(bar.probability).max(BARS.0 + 1), y + 7));
            match bar.look {
                // What no log shows is no cause: its bar is hollow.
                Look::Unknown => canvas.outline(from, to, Ink::Acquitted)?,
                Look::Named => canvas.fill(from, to, Ink::Guilty)?,
                Look::Other => canvas.fill(from, to, Ink::Other)?,
            }
            let words = number::percent(bar.probability);
            canvas.text(&words, (to.0 + 8, y), Side::Right, SMALL, ink, bar.is_named)?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Named,
    Other,
    Unknown,
}

#[derive(Debug, PartialEq)]
struct Bar {
    name: String,
    probability: f64,
    look: Look,
    /// Whether it is what the report says.
    is_named: bool,
}

/// The likeliest first, then what is left of the known causes, then the unknown.
fn bars(input: &Input<'_>, main: &Incident) -> Vec<Bar> {
    let is_known = |one: &&Candidate| one.kind != CauseKind::Unknown;
    let known: Vec<&Candidate> = main.posterior.iter().filter(is_known).collect();
    let n_own = known.iter().take(MAX_BARS).take_while(|one| one.probability >= LEAST).count();
    let mut bars: Vec<Bar> = known[..n_own]
        .iter()
        .map(|one| {
            let is_named = **one == main.root_cause;
            let look = if is_named { Look::Named } else { Look::Other };
            Bar { name: wording::cause(input, one), probability: one.probability, look, is_named }
        })
        .collect();
    let rest = &known[n_own..];
    if !rest.is_empty() {
        let probability = rest.iter().map(|one| one.probability).sum();
        bars.push(Bar {
            name: number::count(rest.len(), "other cause"),
            probability,
            look: Look::Other,
            is_named: false,
        });
    }
    let unknown = main.posterior.iter().filter(|one| one.kind == CauseKind::Unknown);
    let is_named = main.root_cause.kind == CauseKind::Unknown;
    bars.extend(unknown.map(|one| Bar {
        name: wording::cause(input, one),
        probability: one.probability,
        look: Look::Unknown,
        is_named,
    }));
    for bar in &mut bars {
        bar.name = wording::capitalized(&bar.name);
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_bars_add_up_to_one_and_the_named_cause_comes_first() {
        for case in fixture::all() {
            let input = case.input();
            let figure = posterior(&input, Theme::Light).unwrap();
            assert_eq!(figure.is_some(), input.main_incident().is_some(), "{}", case.title);
            let (Some(main), Some(figure)) = (input.main_incident(), figure) else { continue };
            check(&figure, case.title);
            let bars = bars(&input, main);
            let sum: f64 = bars.iter().map(|bar| bar.probability).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{}: {sum}", case.title);
            assert!(bars.len() <= MAX_BARS + 2);
            assert_eq!(bars.iter().filter(|bar| bar.is_named).count(), 1, "{}", case.title);
        }
    }
}
