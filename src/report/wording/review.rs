//! The sentences of the weekly review: short, each with its numbers, and silent where the numbers are too few.

use super::{incident, number, verdict};
use crate::frame::Phase;
use crate::judge::{ChangeVerdict, Estimate, Incident, Verdict};
use crate::model::{Name, TimeRange, Timestamp};
use crate::report::input::{Input, name_of};
use crate::review::movement::LEVEL;
use crate::review::{Counted, Direction, Effect, Failed, Movement, Review, Score, SlowLogon};

/// Hosts that a sentence names.
const N_HOSTS: usize = 4;

/// Returns a share that succeeded as percent, rounded down, so that no failure is rounded away: `99.62%`, `100%`.
pub fn success_share(share: f64) -> String {
    if share >= 1.0 {
        return "100%".to_owned();
    }
    let percent = share * 100.0;
    if percent >= 99.0 {
        format!("{:.2}%", (percent * 100.0 + 1e-9).floor() / 100.0)
    } else {
        format!("{:.1}%", (percent * 10.0 + 1e-9).floor() / 10.0)
    }
}

/// Returns the objective as percent, with as many digits as it was given.
pub fn objective(review: &Review) -> String {
    format!("{}%", (review.objective.share() * 1e8).round() / 1e6)
}

/// Returns how much of an error budget is burnt: `60%`, `9.8 times`; `all of none` where nothing might fail.
pub fn burnt(score: &Score) -> String {
    match score.burnt() {
        None => "more than there is".to_owned(),
        Some(part) if part >= 10.0 => format!("{} times", number::grouped(part.round() as usize)),
        Some(part) if part >= 2.0 => format!("{part:.1} times"),
        Some(part) if part > 1.0 => format!("{:.0}%", part * 100.0),
        Some(part) => number::percent(part),
    }
}

/// Returns the week in one sentence without full stop.
pub fn headline(review: &Review) -> String {
    let score = &review.score;
    let Some(success) = score.success() else {
        return format!("Week {}: no connection is in these logs", review.week);
    };
    let succeeded =
        format!("{} of {} succeeded", success_share(success.value), number::count(score.n_wishes, "connection"));
    if !review.coverage.is_enough() {
        let covered = number::percent(review.coverage.share);
        return format!("Week {}, covered to {covered} only: {succeeded}, and nothing is claimed", review.week);
    }
    let verdict = if score.is_met() == Some(true) { "met" } else { "missed" };
    format!(
        "Week {}: {succeeded}, objective {} {verdict} (budget burnt: {})",
        review.week,
        objective(review),
        burnt(score)
    )
}

/// Returns which days the week has, in whose clock.
pub fn days(review: &Review) -> String {
    let last = review.days[6].start;
    format!(
        "{} to {}, {} clock",
        review.calendar.show(review.span.start, "%a %-d %b"),
        review.calendar.show(last, "%a %-d %b %Y"),
        review.calendar.name()
    )
}

/// Returns a moment by the week's own clock: `Tue 17 Oct 19:12`.
pub fn moment(review: &Review, at: Timestamp) -> String {
    review.calendar.show(at, "%a %-d %b %H:%M")
}

/// Returns the week's connections in one or two sentences.
pub fn success(review: &Review) -> String {
    let score = &review.score;
    let Some(success) = score.success() else {
        return "No connection is in these logs of that week.".to_owned();
    };
    let few = if score.is_too_few() {
        " That is one failure, of so few connections that any breaks the objective."
    } else {
        ""
    };
    let shut_out = match (score.n_failed, score.n_shut_out) {
        (0, _) => "nobody was shut out".to_owned(),
        (_, 0) => "all of them got in later that day".to_owned(),
        (_, n) => format!("{} of them did not get in that day", number::grouped(n)),
    };
    let own = match review.n_own_fault {
        0 => String::new(),
        n => format!(" {} by their own fault (wrong passwords and the like) count as neither.", people(n, "failed")),
    };
    format!(
        "{} failed at the first try (success {}, 95% interval {} to {}); {shut_out}. The budget was {} failures.{few}{own}",
        number::of(score.n_failed as f64, score.n_wishes as f64),
        success_share(success.value),
        success_share(success.lower),
        success_share(success.upper),
        number::short(score.budget),
    )
}

fn people(n: usize, did: &str) -> String {
    if n == 1 { format!("1 person {did}") } else { format!("{} people {did}", number::grouped(n)) }
}

/// Returns what the logs cover of the week.
pub fn coverage(review: &Review) -> String {
    let covered = &review.coverage;
    let partial: Vec<Name> =
        covered.hosts.iter().filter(|host| host.share < 1.0).map(|host| host.host.clone()).collect();
    if covered.hosts.is_empty() {
        return "No log of any host covers this week.".to_owned();
    }
    if partial.is_empty() {
        return "All hours of all hosts are covered.".to_owned();
    }
    let worst = covered.hosts.iter().min_by(|a, b| a.share.total_cmp(&b.share).then_with(|| a.host.cmp(&b.host)));
    let worst = worst.map_or(String::new(), |host| {
        let longest = host.missing.iter().max_by(|a, b| a.seconds().total_cmp(&b.seconds()));
        let longest = longest.map_or(String::new(), |span| format!(", longest from {}", hours(review, span)));
        format!("; least on {} ({}{longest})", host.host, share_down(host.share))
    });
    let claim = if covered.is_enough() { "" } else { " That is too little: nothing is claimed of this week." };
    format!(
        "{} of all hours are covered; hours are missing on {}{worst}.{claim}",
        share_down(covered.share),
        number::names(&partial, N_HOSTS)
    )
}

/// A share that is not all never reads as all.
fn share_down(share: f64) -> String {
    number::percent(share)
}

fn hours(review: &Review, span: &TimeRange) -> String {
    let show = |at| review.calendar.show(at, "%a %H:%M");
    format!("{} to {}", show(span.start), show(span.end))
}

/// Returns how signatures are compared.
pub fn method(review: &Review) -> String {
    let comparison = &review.comparison;
    if comparison.weeks.is_empty() {
        return "No week before this one is in the logs, so nothing can be compared.".to_owned();
    }
    if !comparison.is_made {
        return "Too little of the week is covered, so nothing is compared.".to_owned();
    }
    format!(
        "Compared with {} at the same hours of the week, out of the connections of those hours: exact conditional test of two \
         Poisson rates, counts divided by how far weeks differ beyond chance, {} corrected by Holm's method; where nothing \
         moved, the chance of even one false alarm is about {} at most.",
        number::count(comparison.weeks.len(), "week"),
        number::count(comparison.n_tests, "test"),
        number::percent(LEVEL)
    )
}

/// Returns what became of a signature, in a word or two.
pub fn direction(one: &Movement) -> &'static str {
    match one.direction {
        Direction::New => "new",
        Direction::Risen => "risen",
        Direction::Fallen => "fallen",
        Direction::Gone => "gone",
        Direction::Unchanged => "as before",
        Direction::TooFew if one.is_first_seen() => "first seen",
        Direction::TooFew => "too few",
        Direction::NotCompared => "not compared",
    }
}

/// Returns so many cases with their noun.
pub fn cases(one: &Movement, n: usize) -> String {
    match one.counted {
        Counted::People if n == 1 => "1 person".to_owned(),
        Counted::People => format!("{} people", number::grouped(n)),
        Counted::HostHours => number::count(n, "hour"),
    }
}

/// Returns one signature in one sentence.
pub fn movement(input: &Input<'_>, one: &Movement) -> String {
    let title = super::capitalized(input.signature_title(&one.signature));
    let cases = cases(one, one.n_week);
    let expected = format!("{} expected by the weeks before", number::short(round(one.expected)));
    let p = format!("p {} after correction", p_value(one.p_corrected));
    match one.direction {
        Direction::New => format!("{title}: new, {cases}, none before ({p})."),
        Direction::Gone => format!("{title}: gone, {expected} ({p})."),
        Direction::Risen | Direction::Fallen => {
            format!("{title}: {}, {cases}, {expected} (ratio {}, {p}).", direction(one), ratio_in_words(&one.ratio))
        }
        Direction::NotCompared => format!("{title}: {cases}."),
        Direction::Unchanged => format!("{title}: {cases}, {expected}; no more than chance."),
        Direction::TooFew if one.is_first_seen() => {
            format!("{title}: {cases}, seen for the first time; too few to call it a rise.")
        }
        Direction::TooFew => format!("{title}: {cases}, {expected}; too few to tell."),
    }
}

fn ratio_in_words(ratio: &Estimate) -> String {
    let (value, lower, upper) = (number::short(ratio.value), number::short(ratio.lower), number::short(ratio.upper));
    if ratio.value.is_finite() && ratio.upper.is_finite() {
        format!("{value}, 95% interval {lower} to {upper}")
    } else {
        format!("at least {lower} with 97.5% confidence")
    }
}

/// Returns a p value as people write it.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "under 0.001".to_owned() } else { format!("{p:.3}") }
}

/// One digit behind the point is more than an expectation knows.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Returns the expectation of a signature with one digit behind the point.
pub fn expected(one: &Movement) -> String {
    number::short(round(one.expected))
}

/// Returns an incident of the week in one or two sentences.
pub fn incident(input: &Input<'_>, one: &Incident) -> String {
    let remedy = incident::remedy(input, one).map_or(String::new(), |remedy| format!(" Ended by {remedy}."));
    format!(
        "{} From {} ({}).{remedy}",
        incident::impact(input, one),
        number::instant(one.started_at),
        incident::probability(one)
    )
}

/// Returns failed wishes out of wishes with their share: `3 of 322 (0.9%)`.
pub fn failed(of: Failed) -> String {
    number::of(of.n_failed as f64, of.n_wishes as f64)
}

/// Returns what a change did in one or two sentences.
pub fn effect(one: &Effect) -> String {
    let counts = format!(
        "{} failed on its hosts after it, {} in the same hours a week before",
        failed(one.after),
        failed(one.before)
    );
    if one.is_too_few {
        return format!("{counts}: too few to tell.");
    }
    let ratio =
        one.ratio.as_ref().map_or(String::new(), |ratio| format!(": {} times the rate", number::interval(ratio)));
    let others = one.elsewhere.map_or(String::new(), |[before, after]| {
        let beyond = one.beyond_others.as_ref().map_or(String::new(), |beyond| {
            let points = |value: f64| format!("{:+.1}", value * 100.0);
            format!(
                ", so {} percentage points beyond them (95% interval {} to {})",
                points(beyond.value),
                points(beyond.lower),
                points(beyond.upper)
            )
        });
        format!(" On the other hosts {} after it, {} before{beyond}.", failed(after), failed(before))
    });
    format!("{counts}{ratio}.{others}")
}

/// Returns whether what a change did is beyond chance, in a word or two.
pub fn effect_word(one: &Effect) -> &'static str {
    match &one.ratio {
        _ if one.is_too_few => "too few to tell",
        Some(ratio) if ratio.lower > 1.0 => "more failures",
        Some(ratio) if ratio.upper < 1.0 => "fewer failures",
        _ => "no difference",
    }
}

/// The gravest verdict on a change for incidents of the week; without one, for those that came after it, with `true`.
fn gravest_said<'a>(input: &Input<'a>, review: &Review, change_id: &str) -> Option<(&'a ChangeVerdict, bool)> {
    let incidents = input.judgement.incidents.iter().enumerate();
    let said = incidents.filter_map(|(place, one)| {
        let is_later = one.started_at >= review.span.end;
        let is_meant = is_later || review.incidents.contains(&place);
        Some((input.verdict(change_id, Some(&one.id)).filter(|_| is_meant)?, is_later))
    });
    said.min_by_key(|(said, is_later)| (*is_later, rank(said.verdict)))
}

/// Returns the gravest verdict on a change with its incident: `root cause 96% (inc-1)`.
pub fn verdicts(input: &Input<'_>, review: &Review, change_id: &str) -> String {
    let Some((said, is_later)) = gravest_said(input, review, change_id) else {
        return "no incident to judge".to_owned();
    };
    let incident = said.incident.as_deref().unwrap_or_default();
    let later = if is_later { ", later" } else { "" };
    let probability = match said.verdict {
        Verdict::RootCause => format!(" {}", number::percent(said.probability)),
        _ => String::new(),
    };
    format!("{}{probability} ({incident}{later})", verdict::verdict(said.verdict))
}

/// Returns the gravest verdict on a change.
pub fn gravest(input: &Input<'_>, review: &Review, change_id: &str) -> Option<Verdict> {
    gravest_said(input, review, change_id).map(|(said, _)| said.verdict)
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::RootCause => 0,
        Verdict::Contributing => 1,
        Verdict::Remedy => 2,
        Verdict::Unproven => 3,
        Verdict::Acquitted => 4,
    }
}

/// Returns the name of a change by its id.
pub fn change(input: &Input<'_>, id: &str) -> String {
    input.change(id).map_or_else(|| id.to_owned(), name_of)
}

/// Returns one sentence for each phase that is slow in the week; the slowest host gives the numbers.
pub fn slow_logons(review: &Review) -> Vec<String> {
    let phase = |phase: Phase| {
        let own: Vec<&SlowLogon> = review.slow_logons.iter().filter(|one| one.phase == phase).collect();
        let slowest = own.iter().max_by(|a, b| a.median.total_cmp(&b.median))?;
        let hosts: Vec<Name> = own.iter().map(|one| one.host.clone()).collect();
        let before =
            slowest.week_before.map_or(String::new(), |median| format!(", {} s a week earlier", number::short(median)));
        let since = if slowest.is_new {
            "before this week".to_owned()
        } else {
            format!("before the week from {}", number::day(slowest.slowdown.week))
        };
        Some(format!(
            "{} takes longer on {}: median {} s on {} ({}), nine in ten within {} s{before}, {} s {since} \
             (p {} after Holm's correction).",
            super::logons::name(phase),
            number::names(&hosts, N_HOSTS),
            number::short(slowest.median),
            slowest.host,
            number::count(slowest.n, "logon"),
            number::short(slowest.p90),
            number::short(slowest.slowdown.median_before),
            p_value(slowest.slowdown.p),
        ))
    };
    Phase::ALL.into_iter().filter_map(phase).collect()
}

/// Returns how many things of a list are left out.
pub fn more(n: usize) -> String {
    format!("{n} more in review.json.")
}

/// Returns how the chart reads for those who cannot see it.
pub fn chart_in_words(input: &Input<'_>, review: &Review) -> String {
    let moved: Vec<Name> =
        review.comparison.movements.iter().filter(|one| one.has_moved()).map(|one| one.signature.clone()).collect();
    let titles: Vec<Name> = moved.iter().map(|id| Name::from(input.signature_title(id))).collect();
    format!(
        "One week by day and hour: {}. Changes with their verdicts, the share of connections that failed by day against the \
         objective, the error budget as it burnt, and failures by signature beside the weeks before. Moved: {}.",
        headline(review),
        number::names(&titles, N_HOSTS)
    )
}

/// Returns the ratio of rates with its interval, as a table has room for it: `8.3 (2.6 to 41)`; empty where there are
/// too few cases.
pub fn ratio(one: &Movement) -> String {
    if is_tested(one) { compact(&one.ratio) } else { String::new() }
}

fn is_tested(one: &Movement) -> bool {
    !matches!(one.direction, Direction::TooFew | Direction::NotCompared)
}

/// Returns the signatures that a page shows: those of the week, and those that are gone.
pub fn shown(review: &Review) -> Vec<&Movement> {
    review.comparison.movements.iter().filter(|one| one.n_week > 0 || one.has_moved()).collect()
}

fn compact(ratio: &Estimate) -> String {
    let (value, lower, upper) = (number::short(ratio.value), number::short(ratio.lower), number::short(ratio.upper));
    if !ratio.value.is_finite() {
        format!("over {lower}")
    } else if ratio.value == 0.0 {
        format!("under {upper}")
    } else if ratio.upper.is_finite() {
        format!("{value} ({lower} to {upper})")
    } else {
        format!("{value} (over {lower})")
    }
}

/// Returns the rate after a change over that before, as a table has room for it.
pub fn effect_rate(one: &Effect) -> String {
    match &one.ratio {
        Some(ratio) if !one.is_too_few => compact(ratio),
        _ => "too few to tell".to_owned(),
    }
}

/// What is counted, for the foot of the page.
pub const WISH: &str = "A person's tries of a day, up to the one that succeeds, count as one connection; it fails if the first of them does.";

/// What a comparison before and after is worth.
pub const BESIDE: &str = "The hosts that got it, beside the same hours a week before; failures of incidents that it is acquitted of are left out. A comparison: whether a change is the cause, the verdict says.";

/// Returns whether some wishes met the objective, in a word.
pub fn objective_word(review: &Review, score: &Score) -> &'static str {
    match score.is_met() {
        Some(_) if !review.coverage.is_enough() => "",
        Some(_) if score.is_too_few() => "too few",
        Some(true) => "met",
        Some(false) => "missed",
        None => "",
    }
}

/// Returns what the changes of the week did, the gravest verdicts first and routines last.
pub fn telling_first<'a>(input: &Input<'_>, review: &'a Review) -> Vec<&'a Effect> {
    let mut order: Vec<&Effect> = review.effects.iter().collect();
    order.sort_by_key(|one| {
        let is_routine = input.change(&one.change_id).is_some_and(|change| change.is_routine);
        (gravest(input, review, &one.change_id).map_or(5, rank), is_routine)
    });
    order
}

/// Returns the corrected p value of a signature; empty where there are too few cases for a test.
pub fn p_word(one: &Movement) -> String {
    if is_tested(one) { p_value(one.p_corrected) } else { String::new() }
}
