//! Dose and response: the share of first tries that failed against the sessions open on the host, with the change,
//! without it, and after the remedy. A fault that grows with load shows here before it is an incident.

use std::collections::{BTreeMap, BTreeSet};

use super::{FIGURE_RIGHT, Figure, Heading, Scale, Tally, round_share, sheet, sign};
use crate::error::Error;
use crate::frame::{Attempt, Change, Outcome};
use crate::judge::{CauseKind, Estimate, Evidence, EvidenceKind, Latent, Trigger};
use crate::model::time::TICKS_PER_DAY;
use crate::model::{Fault, Name, Timestamp};
use crate::report::chart::canvas::Canvas;
use crate::report::chart::ink::{Ink, Theme};
use crate::report::chart::mark::{Shape, Side};
use crate::report::chart::text;
use crate::report::chart::theme::SMALL;
use crate::report::input::Input;
use crate::report::wording::{figures, number};

/// Steps of load, of equal width; the points of a series at most.
const STEPS: usize = 10;
/// Fewer tries than this make no point.
const LEAST_TRIES: usize = 20;
/// Fewer failures show no response.
const LEAST_FAILURES: usize = 5;
const PLOT_LEFT: i32 = 84;
const PLOT_HEIGHT: i32 = 240;

/// Draws the response of failures to load; `None` where nothing says that they depend on it, or too little was tried.
///
/// # Errors
///
/// [`Error::Render`] if the drawing library refuses.
pub fn dose_response(input: &Input<'_>, theme: Theme) -> Result<Option<Figure>, Error> {
    let Some(subject) = Subject::of(input) else { return Ok(None) };
    let series = subject.series(input);
    let failed: usize = series.iter().flat_map(|one| &one.points).map(|point| point.tally.failed).sum();
    if series.first().is_none_or(|first| first.points.len() < 2) || failed < LEAST_FAILURES {
        return Ok(None);
    }
    let points = || series.iter().flat_map(|one| &one.points);
    let most = points().map(|point| point.to).fold(subject.latent.map_or(0.0, |latent| latent.load), f64::max);
    let highest = points().filter_map(|point| point.tally.share()).fold(0.0, f64::max);
    let highest = highest.max(subject.latent.map_or(0.0, |latent| latent.share.value));
    let heading = Heading::new(figures::DOSE_RESPONSE, &figures::dose_response(input, measured(input)));
    let top = heading.bottom() + 24;
    let bottom = top + PLOT_HEIGHT;
    let up = Scale { from: bottom, to: top, max: round_share(highest * 1.15), is_rooted: false };
    let across = Scale { from: PLOT_LEFT, to: FIGURE_RIGHT - 10, max: most.max(1.0) * 1.05, is_rooted: false };
    let figure = sheet(&heading, bottom + 48, theme, |canvas| {
        up.upward(canvas, PLOT_LEFT, FIGURE_RIGHT)?;
        loads(canvas, &across, bottom)?;
        let mut x = PLOT_LEFT + 6;
        for (idx, one) in series.iter().enumerate() {
            sign(canvas, (x, top - 22), one.shape, one.ink)?;
            x = key(canvas, (x + 11, top - 22), &one.name)?;
            one.draw(canvas, (&across, &up), idx as i32 * 5)?;
        }
        if let Some(latent) = subject.latent {
            sign(canvas, (x, top - 22), Shape::Diamond, Ink::Text)?;
            key(canvas, (x + 11, top - 22), figures::FORECAST)?;
            whisker(canvas, across.at(latent.load), &up, (latent.share.lower, latent.share.upper), Ink::Text)?;
            sign(canvas, (across.at(latent.load), up.at(latent.share.value)), Shape::Diamond, Ink::Text)?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

fn key(canvas: &mut Canvas<'_>, (x, y): (i32, i32), words: &str) -> Result<i32, Error> {
    let words = text::fitted(&text::clean(words), 190, SMALL, false);
    canvas.text(&words, (x, y), Side::Right, SMALL, Ink::Quiet, false)?;
    Ok(x + text::width(&words, SMALL, false) + 22)
}

/// The scale of the load below the plot.
fn loads(canvas: &mut Canvas<'_>, across: &Scale, bottom: i32) -> Result<(), Error> {
    let size = 10_f64.powf((across.max / 4.0).max(1.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * size);
    let step = steps.into_iter().find(|step| across.max / step <= 6.0).unwrap_or(across.max);
    let mut load = 0.0;
    while load <= across.max {
        let x = across.at(load);
        canvas.line(&[(x, bottom), (x, bottom + 4)], Ink::Missing, 1)?;
        canvas.text(&number::short(load), (x, bottom + 14), Side::Middle, SMALL, Ink::Quiet, false)?;
        load += step;
    }
    canvas.text(figures::LOAD, (FIGURE_RIGHT, bottom + 32), Side::Left, SMALL, Ink::Quiet, false)
}

fn whisker(canvas: &mut Canvas<'_>, x: i32, up: &Scale, (lower, upper): (f64, f64), ink: Ink) -> Result<(), Error> {
    let (low, high) = (up.at(lower), up.at(upper));
    canvas.line(&[(x, low), (x, high)], ink, 1)?;
    for y in [low, high] {
        canvas.line(&[(x - 3, y), (x + 3, y)], ink, 1)?;
    }
    Ok(())
}

/// What is asked to grow with load.
struct Subject<'a> {
    signatures: BTreeSet<&'a Name>,
    change: Option<&'a Change>,
    remedy: Option<&'a Change>,
    latent: Option<&'a Latent>,
}

impl<'a> Subject<'a> {
    /// The main incident if load matters to it, else the first latent fault.
    fn of(input: &'a Input<'a>) -> Option<Self> {
        let known = |id: Option<&str>| id.and_then(|id| input.change(id)).filter(|change| change.hosts_known);
        let latents = &input.judgement.latent;
        if let Some(main) = input.main_incident() {
            let root = &main.root_cause;
            let change = known(root.change_id.as_deref());
            // Before and with a change of which nobody knows the hosts, tries would be mixed.
            let is_set_off = root.trigger == Some(Trigger::Load) && change.is_some();
            if !(is_set_off || root.kind == CauseKind::Capacity || measured(input).is_some()) {
                return None;
            }
            let remedy = known(main.remedy.change_id.as_deref());
            // What it would do is seen in what it did.
            return Some(Self { signatures: main.signatures.iter().collect(), change, remedy, latent: None });
        }
        let latent = latents.first()?;
        let change = known(latent.change_id.as_deref());
        Some(Self { signatures: BTreeSet::from([&latent.signature]), change, remedy: None, latent: Some(latent) })
    }

    /// The tries of each state of the hosts, by load.
    fn series(&self, input: &Input<'_>) -> Vec<Series> {
        let since = |change: Option<&'a Change>| -> BTreeMap<&Name, Timestamp> {
            change.iter().flat_map(|one| &one.hosts).map(|one| (&one.host, one.in_force_at)).collect()
        };
        let (got, fixed) = (since(self.change), since(self.remedy));
        let mut tries: [Vec<(f64, bool)>; 3] = Default::default();
        for attempt in wishes(input) {
            let Some(row) = input.tables.load.get(&(attempt.host.clone(), attempt.at.hour())) else { continue };
            let load = row.sessions_counted.unwrap_or(row.sessions_open);
            let is_fixed = fixed.get(&attempt.host).is_some_and(|at| *at <= attempt.at);
            let has_it = self.change.is_none() || got.get(&attempt.host).is_some_and(|at| *at <= attempt.at);
            let state = if is_fixed { 2 } else { usize::from(!has_it) };
            let has_failed = attempt.signature.as_ref().is_some_and(|id| self.signatures.contains(id));
            tries[state].push((load, attempt.is_failure() && has_failed));
        }
        let names = match self.change {
            Some(change) => [figures::with(change), figures::WITHOUT.to_owned(), figures::AFTER_REMEDY.to_owned()],
            None => [figures::ALL_TRIES.to_owned(), String::new(), figures::AFTER_REMEDY.to_owned()],
        };
        let looks = [(Shape::Triangle, Ink::Guilty), (Shape::Ring, Ink::Acquitted), (Shape::Plus, Ink::Remedy)];
        let most = tries.iter().flatten().map(|(load, _)| *load).fold(1.0, f64::max);
        tries
            .iter()
            .zip(names)
            .zip(looks)
            .map(|((tries, name), (shape, ink))| Series {
                name,
                shape,
                ink,
                points: points(tries, most / STEPS as f64),
            })
            .filter(|series| !series.points.is_empty())
            .collect()
    }
}

/// How failures of the main incident grow with load, where the judge found that they do.
fn measured<'a>(input: &'a Input<'_>) -> Option<&'a Estimate> {
    let main = input.main_incident()?;
    let about = &main.root_cause.change_id;
    let is_own = |one: &&Evidence| one.kind == EvidenceKind::DoseResponse && one.about == *about && one.weight > 0.0;
    let found = main.evidence.iter().find(is_own);
    found.and_then(|one| one.numbers.get("odds_ratio_per_doubling"))
}

/// The first try of each wish to connect: a person's tries of one day, up to the one that succeeds, are one wish, as in
/// the forecast; someone who is locked out and tries ten times would count ten times otherwise.
fn wishes<'a>(input: &'a Input<'a>) -> impl Iterator<Item = &'a Attempt> {
    let is_counted = |one: &&Attempt| one.outcome != Outcome::Unseen && one.fault != Some(Fault::User);
    let mut open: BTreeMap<(&Name, i64), bool> = BTreeMap::new();
    input.tables.attempts.iter().filter(is_counted).filter(move |one| {
        let is_open = open.entry((&one.user, one.at.0.div_euclid(TICKS_PER_DAY))).or_default();
        let is_first = !*is_open;
        *is_open = one.is_failure();
        is_first
    })
}

#[derive(Debug)]
struct Series {
    name: String,
    shape: Shape,
    ink: Ink,
    points: Vec<Point>,
}

/// Tries at about the same load.
#[derive(Debug)]
struct Point {
    /// Their mean load.
    load: f64,
    /// Their greatest load.
    to: f64,
    tally: Tally,
}

impl Series {
    fn draw(&self, canvas: &mut Canvas<'_>, (across, up): (&Scale, &Scale), aside: i32) -> Result<(), Error> {
        let place = |point: &Point| (across.at(point.load) + aside, up.at(point.tally.share().unwrap_or(0.0)));
        let places: Vec<(i32, i32)> = self.points.iter().map(place).collect();
        canvas.line(&places, self.ink, 1)?;
        for point in &self.points {
            whisker(canvas, place(point).0, up, point.tally.interval(), self.ink)?;
        }
        for at in places {
            sign(canvas, at, self.shape, self.ink)?;
        }
        Ok(())
    }
}

/// Steps of load of one width; a step with few tries joins the next, and the last few the one before them.
fn points(tries: &[(f64, bool)], width: f64) -> Vec<Point> {
    let mut steps: BTreeMap<usize, (f64, f64, Tally)> = BTreeMap::new();
    for (load, has_failed) in tries {
        let step = steps.entry((load / width).ceil() as usize).or_default();
        step.0 += load;
        step.1 = step.1.max(*load);
        step.2.add(*has_failed);
    }
    let mut sums: Vec<(f64, f64, Tally)> = Vec::new();
    let n_left = |from: usize| steps.range(from..).map(|(_, one)| one.2.tried).sum::<usize>();
    for (step, (load, most, tally)) in &steps {
        match sums.last_mut() {
            Some(last) if last.2.tried < LEAST_TRIES || n_left(*step) < LEAST_TRIES => {
                last.0 += load;
                last.1 = *most;
                last.2.tried += tally.tried;
                last.2.failed += tally.failed;
            }
            _ => sums.push((*load, *most, *tally)),
        }
    }
    sums.retain(|(.., tally)| tally.tried >= LEAST_TRIES);
    sums.into_iter().map(|(load, to, tally)| Point { load: load / tally.tried as f64, to, tally }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;
    use crate::report::fixture;

    #[test]
    fn points_hold_every_try_once_and_no_load_is_split() {
        let tries: Vec<(f64, bool)> = (0..500).map(|idx| (f64::from(idx % 13), idx % 7 == 0)).collect();
        let found = points(&tries, 1.2);
        assert!(found.len() <= STEPS + 1 && found.len() > 3);
        assert_eq!(found.iter().map(|point| point.tally.tried).sum::<usize>(), 500);
        assert_eq!(found.iter().map(|point| point.tally.failed).sum::<usize>(), 72);
        assert!(found.windows(2).all(|pair| pair[0].load < pair[1].load && pair[0].to < pair[1].to));
        assert!(points(&vec![(1.0, true); LEAST_TRIES - 1], 1.0).is_empty());
        // A few tries at the highest load make no point of their own.
        let mut tries = vec![(1.0, false); 60];
        tries.extend([(9.0, true); 3]);
        let found = points(&tries, 1.0);
        assert_eq!((found.len(), found[0].tally.tried, found[0].tally.failed), (1, 63, 3));
    }

    #[test]
    fn somebody_who_tries_again_and_again_counts_once_a_day() {
        let mut case = fixture::one_day();
        let mut one = case.tables.attempts[0].clone();
        case.tables.attempts.clear();
        for (minute, outcome) in
            [(0, Outcome::Failed), (1, Outcome::Failed), (2, Outcome::Succeeded), (9, Outcome::Failed)]
        {
            one.at = fixture::at("2024-06-04T08:00:00Z").plus_seconds(f64::from(minute) * 60.0);
            (one.outcome, one.fault) = (outcome, None);
            case.tables.attempts.push(one.clone());
        }
        one.at = fixture::at("2024-06-05T08:00:00Z");
        case.tables.attempts.push(one.clone());
        let input = case.input();
        let minutes: Vec<i64> =
            wishes(&input).map(|one| one.at.seconds_since(input.tables.attempts[0].at) as i64 / 60).collect();
        assert_eq!(minutes, [0, 9, 1_440]);
    }

    #[test]
    fn it_is_drawn_where_load_matters_and_nowhere_else() {
        let titles: Vec<&str> = fixture::all()
            .iter()
            .filter_map(|case| {
                let figure = dose_response(&case.input(), Theme::Light).unwrap()?;
                check(&figure, case.title);
                Some(case.title)
            })
            .collect();
        assert_eq!(titles, ["founding", "capacity"]);
    }

    #[test]
    fn a_latent_fault_shows_its_forecast_before_it_is_an_incident() {
        let mut case = fixture::founding();
        case.judgement.incidents.clear();
        let figure = dose_response(&case.input(), Theme::Light).unwrap().unwrap();
        check(&figure, "latent");
        assert!(figure.texts.iter().any(|text| text.text == figures::FORECAST));
        case.judgement.latent.clear();
        assert!(dose_response(&case.input(), Theme::Light).unwrap().is_none());
    }

    #[test]
    fn hosts_without_the_change_are_a_series_of_their_own() {
        let case = fixture::founding();
        let input = case.input();
        let series = Subject::of(&input).unwrap().series(&input);
        assert_eq!(series.len(), 3);
        let share = |idx: usize| {
            let failed: usize = series[idx].points.iter().map(|point| point.tally.failed).sum();
            let tried: usize = series[idx].points.iter().map(|point| point.tally.tried).sum();
            failed as f64 / tried as f64
        };
        assert!(share(0) > 0.01 && share(1) < 0.001 && share(2) < 0.01, "{} {} {}", share(0), share(1), share(2));
    }
}
