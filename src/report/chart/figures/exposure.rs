//! Before and after each change: what share failed on each host that got it, and on those that did not.

use std::collections::{BTreeMap, BTreeSet};

use super::{FIGURE_RIGHT, Figure, Heading, Scale, Tally, round_share, sheet, sign};
use crate::error::Error;
use crate::frame::{Attempt, Change, Outcome};
use crate::judge::{ChangeVerdict, Incident, Verdict};
use crate::model::{Fault, Name, Timestamp};
use crate::report::chart::canvas::Canvas;
use crate::report::chart::ink::{Ink, Theme};
use crate::report::chart::mark::{Shape, Side};
use crate::report::chart::scene::look;
use crate::report::chart::text;
use crate::report::chart::theme::{LEFT, SMALL, TITLE};
use crate::report::input::{Input, name_of};
use crate::report::wording::{self, figures, number, verdict};

/// Changes in the figure: the suspects first, then the acquitted.
const MAX_CHANGES: usize = 4;
/// Hosts of a change with a row of their own.
const MAX_HOSTS: usize = 8;
/// The longest name of a change, so that its verdict has room behind it.
const NAME_LETTERS: usize = 56;
const ROW: i32 = 18;
const TITLE_HEIGHT: i32 = 42;
const PANEL_GAP: i32 = 14;
/// Left and right edge of the shares; the counts stand right of them.
const SHARES: (i32, i32) = (190, 470);

/// Draws what failed before and after the main incident's suspects and the acquitted; `None` without an incident, or where
/// no change reached hosts that are known.
///
/// # Errors
///
/// [`Error::Render`] if the drawing library refuses.
pub fn exposure(input: &Input<'_>, theme: Theme) -> Result<Option<Figure>, Error> {
    let Some(main) = input.main_incident() else { return Ok(None) };
    let panels = panels(input, main);
    if panels.is_empty() {
        return Ok(None);
    }
    let shares = panels.iter().flat_map(|panel| &panel.rows).flat_map(|row| [row.before, row.after]);
    let max = shares.filter(|tally| tally.tried >= 5).filter_map(Tally::share).fold(0.0, f64::max);
    let scale = Scale { from: SHARES.0, to: SHARES.1, max: round_share(max), is_rooted: true };
    let heading = Heading::new(figures::EXPOSURE, &figures::exposure(input, main));
    let heights: i32 = panels.iter().map(Panel::height).sum();
    let top = heading.bottom() + 18;
    let bottom = top + heights + PANEL_GAP * (panels.len() as i32 - 1);
    let figure = sheet(&heading, bottom + 30, theme, |canvas| {
        key(canvas, top - 14)?;
        scale.across(canvas, top, bottom)?;
        let mut y = top;
        for panel in &panels {
            panel.draw(canvas, &scale, y)?;
            y += panel.height() + PANEL_GAP;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

/// What the signs mean.
fn key(canvas: &mut Canvas<'_>, y: i32) -> Result<(), Error> {
    canvas.ring((SHARES.0 + 4, y), 4, Ink::Acquitted)?;
    canvas.text("before it", (SHARES.0 + 15, y), Side::Right, SMALL, Ink::Quiet, false)?;
    canvas.disk((SHARES.0 + 88, y), 4, Ink::Share)?;
    canvas.text("with it, and its 95% interval", (SHARES.0 + 99, y), Side::Right, SMALL, Ink::Quiet, false)?;
    canvas.text("failed of tried, before → with it", (FIGURE_RIGHT, y), Side::Left, SMALL, Ink::Quiet, false)
}

#[derive(Debug)]
struct Panel {
    title: String,
    /// Why its verdict is what it is: the weightiest reason.
    why: String,
    shape: Shape,
    ink: Ink,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    name: String,
    before: Tally,
    after: Tally,
    is_sum: bool,
}

impl Panel {
    fn height(&self) -> i32 {
        TITLE_HEIGHT + ROW * self.rows.len() as i32
    }

    fn draw(&self, canvas: &mut Canvas<'_>, scale: &Scale, top: i32) -> Result<(), Error> {
        let y = top + 11;
        // The grid would cut the words.
        canvas.fill((LEFT, top), (FIGURE_RIGHT, top + TITLE_HEIGHT - 2), Ink::Paper)?;
        sign(canvas, (LEFT + 6, y), self.shape, self.ink)?;
        let title = text::fitted(&text::clean(&self.title), FIGURE_RIGHT - LEFT - 18, TITLE, true);
        canvas.text(&title, (LEFT + 18, y), Side::Right, TITLE, Ink::Text, true)?;
        let why = text::fitted(&text::clean(&self.why), FIGURE_RIGHT - LEFT - 18, SMALL, false);
        canvas.text(&why, (LEFT + 18, y + 17), Side::Right, SMALL, Ink::Quiet, false)?;
        // Only what is guilty has the color of guilt: failures rise after every change that came before the incident.
        let ink = if self.shape == Shape::Triangle { self.ink } else { Ink::Share };
        for (idx, row) in self.rows.iter().enumerate() {
            row.draw(canvas, scale, top + TITLE_HEIGHT + ROW * idx as i32 + ROW / 2, ink)?;
        }
        Ok(())
    }
}

impl Row {
    fn draw(&self, canvas: &mut Canvas<'_>, scale: &Scale, y: i32, ink: Ink) -> Result<(), Error> {
        let name = text::fitted(&text::clean(&self.name), SHARES.0 - LEFT - 14, SMALL, self.is_sum);
        canvas.text(&name, (SHARES.0 - 12, y), Side::Left, SMALL, Ink::Text, self.is_sum)?;
        let counts = format!("{} → {}", counts(self.before), counts(self.after));
        canvas.text(&counts, (FIGURE_RIGHT, y), Side::Left, SMALL, Ink::Quiet, self.is_sum)?;
        if self.after.tried > 0 {
            let (lower, upper) = self.after.interval();
            canvas.line(&[(scale.at(lower), y), (scale.at(upper), y)], Ink::Other, 1)?;
        }
        if let Some((before, after)) = self.before.share().zip(self.after.share()) {
            canvas.line(&[(scale.at(before), y), (scale.at(after), y)], ink, 2)?;
        }
        if let Some(after) = self.after.share() {
            canvas.disk((scale.at(after), y), if self.is_sum { 5 } else { 4 }, ink)?;
        }
        if let Some(before) = self.before.share() {
            canvas.ring((scale.at(before), y), if self.is_sum { 5 } else { 4 }, Ink::Acquitted)?;
        }
        Ok(())
    }
}

fn counts(tally: Tally) -> String {
    if tally.tried == 0 {
        return "no tries".to_owned();
    }
    format!("{} of {}", number::grouped(tally.failed), number::grouped(tally.tried))
}

/// The changes that reached hosts which are known, the most suspect first.
fn panels(input: &Input<'_>, main: &Incident) -> Vec<Panel> {
    let mut said: Vec<(&Change, &ChangeVerdict)> = input
        .tables
        .changes
        .iter()
        .filter(|change| change.hosts_known && !change.hosts.is_empty())
        .filter_map(|change| {
            let said = input.verdict(&change.id, Some(&main.id))?;
            (said.verdict != Verdict::Remedy).then_some((change, said))
        })
        .collect();
    let rank = |verdict: Verdict| match verdict {
        Verdict::RootCause => 0,
        Verdict::Contributing => 1,
        Verdict::Unproven => 2,
        Verdict::Acquitted | Verdict::Remedy => 3,
    };
    said.sort_by(|a, b| {
        let key = |one: &(&Change, &ChangeVerdict)| (rank(one.1.verdict), one.0.is_routine);
        key(a).cmp(&key(b)).then(b.1.probability.total_cmp(&a.1.probability)).then_with(|| a.0.id.cmp(&b.0.id))
    });
    let own: BTreeSet<u32> = main.attempts.iter().copied().collect();
    let tries = tries(input, main, &own);
    said.into_iter()
        .map(|(change, said)| {
            let (shape, ink) = look(Some(said.verdict));
            let word = verdict::verdict(said.verdict);
            let sure = number::percent(said.probability);
            let name = wording::cut(&name_of(change), NAME_LETTERS);
            let title = match said.verdict {
                Verdict::RootCause => format!("{name} · {word} {sure}"),
                _ => format!("{name} · {word}"),
            };
            let why = said.reasons.first().map_or_else(String::new, |reason| verdict::reason(input, reason));
            Panel { title, why, shape, ink, rows: rows(input, main, change, &tries, &own) }
        })
        .filter(|panel| panel.rows.iter().any(|row| row.before.failed + row.after.failed > 0))
        .take(MAX_CHANGES)
        .collect()
}

/// What counts: tries whose end is known, up to the end of the incident; not those that were the user's own fault, unless
/// they are what the incident is about.
fn tries<'a>(input: &'a Input<'a>, main: &Incident, own: &BTreeSet<u32>) -> Vec<&'a Attempt> {
    let is_counted = |one: &&Attempt| {
        let is_asked = one.fault != Some(Fault::User) || own.contains(&one.id);
        is_asked && one.outcome != Outcome::Unseen && main.ended_at.is_none_or(|end| one.at < end)
    };
    input.tables.attempts.iter().filter(is_counted).collect()
}

/// All hosts that got the change together, each of them, and those that did not get it, before and after its first host.
fn rows(input: &Input<'_>, main: &Incident, change: &Change, tries: &[&Attempt], own: &BTreeSet<u32>) -> Vec<Row> {
    let got: BTreeMap<&Name, Timestamp> = change.hosts.iter().map(|one| (&one.host, one.in_force_at)).collect();
    let fixed = main.remedy.change_id.as_deref().and_then(|id| input.change(id)).filter(|fix| fix.hosts_known);
    let fixed: BTreeMap<&Name, Timestamp> =
        fixed.iter().flat_map(|fix| &fix.hosts).map(|one| (&one.host, one.in_force_at)).collect();
    let first = got.values().min().copied().unwrap_or(change.started_at);
    let mut by_host: BTreeMap<&Name, (Tally, Tally)> = BTreeMap::new();
    let mut without = (Tally::default(), Tally::default());
    for attempt in tries.iter().filter(|one| fixed.get(&one.host).is_none_or(|fixed| one.at < *fixed)) {
        let (tally, since) = match got.get(&attempt.host) {
            Some(since) => (by_host.entry(&attempt.host).or_default(), *since),
            None => (&mut without, first),
        };
        let side = if attempt.at < since { &mut tally.0 } else { &mut tally.1 };
        side.add(own.contains(&attempt.id));
    }
    let sum = |tallies: &mut dyn Iterator<Item = &(Tally, Tally)>| {
        let mut sum = (Tally::default(), Tally::default());
        for (before, after) in tallies {
            for (into, from) in [(&mut sum.0, before), (&mut sum.1, after)] {
                into.failed += from.failed;
                into.tried += from.tried;
            }
        }
        sum
    };
    let row = |name: String, (before, after): (Tally, Tally), is_sum: bool| Row { name, before, after, is_sum };
    let mut rows = Vec::new();
    if got.len() > 1 {
        rows.push(row(figures::hosts_with(got.len()), sum(&mut by_host.values()), true));
    }
    let n_own = if got.len() > MAX_HOSTS { MAX_HOSTS - 1 } else { got.len() };
    let of = |host: &Name| by_host.get(host).copied().unwrap_or_default();
    rows.extend(change.hosts.iter().take(n_own).map(|one| row(one.host.to_string(), of(&one.host), false)));
    if got.len() > n_own {
        let rest: Vec<(Tally, Tally)> = change.hosts[n_own..].iter().map(|one| of(&one.host)).collect();
        rows.push(row(figures::hosts_more(rest.len()), sum(&mut rest.iter()), false));
    }
    if without.0.tried + without.1.tried > 0 {
        let n_without = input.tables.hosts.iter().filter(|host| !got.contains_key(host)).count();
        rows.push(row(figures::hosts_without(n_without), without, true));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_guilty_change_comes_first_and_fails_only_after_it() {
        let case = fixture::founding();
        let input = case.input();
        let main = input.main_incident().unwrap();
        let panels = panels(&input, main);
        assert_eq!(panels[0].title, "FSLogix Apps 2.9.8171.14983 · root cause 96%");
        let all = &panels[0].rows[0];
        assert!(all.is_sum && all.before.failed == 0 && all.before.tried > 100 && all.after.failed > 100, "{all:?}");
        // Every try is counted once: the sum is the sum of the hosts.
        for panel in &panels {
            let hosts = panel.rows.iter().filter(|row| !row.is_sum);
            let tried: usize = hosts.map(|row| row.before.tried + row.after.tried).sum();
            if let Some(sum) = panel.rows.first().filter(|row| row.is_sum) {
                assert_eq!(tried, sum.before.tried + sum.after.tried, "{}", panel.title);
            }
        }
        check(&exposure(&input, Theme::Light).unwrap().unwrap(), "founding");
    }

    #[test]
    fn the_users_own_faults_count_where_the_incident_is_about_them() {
        let mut case = fixture::founding();
        let before = {
            let input = case.input();
            panels(&input, input.main_incident().unwrap())[0].rows[0].after
        };
        for attempt in case.tables.attempts.iter_mut().filter(|one| one.is_service_failure()) {
            attempt.fault = Some(Fault::User);
        }
        let input = case.input();
        assert_eq!(panels(&input, input.main_incident().unwrap())[0].rows[0].after, before);
    }

    #[test]
    fn there_is_no_empty_picture() {
        for case in fixture::all() {
            if let Some(figure) = exposure(&case.input(), Theme::Light).unwrap() {
                check(&figure, case.title);
            }
        }
        assert!(exposure(&fixture::capacity().input(), Theme::Light).unwrap().is_none(), "no change, no picture");
        assert!(exposure(&fixture::quiet().input(), Theme::Light).unwrap().is_none());
        let mut case = fixture::founding();
        for change in &mut case.tables.changes {
            change.hosts_known = false;
        }
        assert!(exposure(&case.input(), Theme::Light).unwrap().is_none());
    }
}
