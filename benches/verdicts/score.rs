//! What is counted of verdicts, and the tables of the report.

use std::fmt::Write;

use causeline::correlate::{Correlation, Exposure, Try};
use causeline::judge::{Candidate, CauseKind, Judgement};
use causeline::stats::proportion_interval;

use crate::draw::{Case, Family, GUILTY, Truth};
use crate::fleet::Trouble;
use crate::spoiled::SPOILINGS;

/// How a verdict compares with the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The root cause is the right one.
    Right,
    /// Another cause is named, or an incident where there was none.
    #[default]
    Wrong,
    /// An incident was found, and no cause named.
    Abstained,
    /// No incident was found where there was one.
    Missed,
}

/// How one case went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    /// How the verdict compares.
    pub(crate) outcome: Outcome,
    /// An innocent change is named as root cause.
    pub(crate) names_innocent: bool,
    /// The highest probability of any innocent change.
    pub(crate) innocent: f64,
    /// The likeliest known cause of the first incident: its probability, whether it is right, whether it was named.
    pub(crate) first: Option<(f64, bool, bool)>,
    /// The probability of the truth; 0 without an incident.
    pub(crate) truth: f64,
    /// An innocent change reached the same hosts at so nearly the same times that nothing tells the two apart.
    pub(crate) has_twin: bool,
    /// What the baselines say.
    pub(crate) nearest: Naming,
    /// The same.
    pub(crate) gandalf: Naming,
}

/// What a baseline says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Naming {
    /// It names the guilty change, or nothing where no recorded change is guilty.
    pub(crate) is_right: bool,
    /// It names an innocent change.
    pub(crate) names_innocent: bool,
}

/// Compares a judgement with the truth. Only the first incident counts: the one with the greatest impact.
pub(crate) fn compare(case: &Case, guilty_id: Option<&str>, judgement: &Judgement) -> Answer {
    let Some(incident) = judgement.incidents.first() else {
        let outcome = if matches!(case.truth, Truth::Quiet) { Outcome::Right } else { Outcome::Missed };
        return Answer { outcome, ..Answer::default() };
    };
    let is_innocent =
        |one: &Candidate| one.change_id.is_some() && (one.change_id.as_deref() != guilty_id || guilty_id.is_none());
    let is_right = |one: &Candidate| match &case.truth {
        Truth::Quiet => false,
        Truth::Guilty => one.change_id.is_some() && one.change_id.as_deref() == guilty_id,
        Truth::Unrecorded => one.kind == CauseKind::Change && one.change_id.is_none(),
        Truth::Kind(kind) => one.kind == *kind,
        Truth::Host(host) => one.kind == CauseKind::Host && one.host.as_ref() == Some(host),
        Truth::Account(user) => one.kind == CauseKind::Credentials && one.user.as_ref() == Some(user),
    };
    let is_named = incident.root_cause.kind != CauseKind::Unknown;
    let first = incident.posterior.iter().find(|one| one.kind != CauseKind::Unknown);
    let innocents = incident.posterior.iter().filter(|one| is_innocent(one));
    Answer {
        outcome: match (is_named, is_right(&incident.root_cause)) {
            (false, _) => Outcome::Abstained,
            (true, true) => Outcome::Right,
            (true, false) => Outcome::Wrong,
        },
        names_innocent: is_innocent(&incident.root_cause),
        innocent: innocents.map(|one| one.probability).fold(0.0, f64::max),
        first: first.map(|one| (one.probability, is_right(one), is_named)),
        truth: incident.posterior.iter().filter(|one| is_right(one)).map(|one| one.probability).sum(),
        ..Answer::default()
    }
}

/// Compares what a baseline names with the truth.
pub(crate) fn compare_naming(guilty: Option<usize>, named: Option<usize>) -> Naming {
    Naming { is_right: named == guilty, names_innocent: named.is_some() && named != guilty }
}

/// The place of the guilty change in the tables; `None` where it is not recorded or there is none.
pub(crate) fn guilty(case: &Case, changes: &[causeline::frame::Change]) -> Option<usize> {
    matches!(case.truth, Truth::Guilty).then(|| changes.iter().position(|one| &*one.component == GUILTY)).flatten()
}

/// Two changes are told apart by the failures that fall between them. Fewer expected than this, and there may be none (by
/// the rule of three, with a chance above one in twenty).
const MIN_TELLING: f64 = 3.0;

/// Whether an innocent change is a twin of the guilty one, recorded or not: the tries on hosts that had got the one and
/// not the other, times the guilty one's effect, are fewer than three.
pub(crate) fn has_twin(case: &Case, guilty: Option<usize>, from: &Correlation) -> bool {
    // Half of the seats are taken on an ordinary day, and the chance of a block goes with the square of that.
    let (truly, effect) = match case.fleet.troubles.first() {
        Some((Trouble::Deploy { at, p, .. }, _)) => (at, *p),
        Some((Trouble::Latent { at, q, .. }, _)) => (at, q / 4.0),
        _ => return false,
    };
    let got = guilty.map_or(truly, |place| &from.changes[place].at_s);
    let is_twin = |other: &Exposure| {
        let has_one = |one: &&Try| (one.at_s >= got[one.host]) != (one.at_s >= other.at_s[one.host]);
        from.tries.iter().filter(has_one).count() as f64 * effect < MIN_TELLING
    };
    from.changes.iter().enumerate().any(|(place, other)| Some(place) != guilty && is_twin(other))
}

const HEAD: &str = "| | n | right | twins | right of the others | abstained | missed | innocent named | at .5 | without twin | at .9 | mean p | Brier | ECE | nearest: right | innocent | Gandalf: right | innocent |\n\
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";

/// The answers of one spoiling (or none), by family.
pub(crate) type Block = Vec<(&'static Family, Vec<Answer>)>;

/// One row.
fn row(name: &str, answers: &[&Answer]) -> String {
    let count = |test: &dyn Fn(&Answer) -> bool| answers.iter().filter(|one| test(one)).count();
    let named: Vec<(f64, bool)> =
        answers.iter().filter_map(|one| one.first).filter(|one| one.2).map(|one| (one.0, one.1)).collect();
    let figure = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    let mean = |of: &dyn Fn(&(f64, bool)) -> f64| {
        (!named.is_empty()).then(|| named.iter().map(of).sum::<f64>() / named.len() as f64)
    };
    format!(
        "| {name} | {} | {} | {} | {} of {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        answers.len(),
        count(&|one| one.outcome == Outcome::Right),
        count(&|one| one.has_twin),
        count(&|one| one.outcome == Outcome::Right && !one.has_twin),
        count(&|one| !one.has_twin),
        count(&|one| one.outcome == Outcome::Abstained),
        count(&|one| one.outcome == Outcome::Missed),
        count(&|one| one.names_innocent),
        count(&|one| one.innocent >= 0.5),
        count(&|one| one.innocent >= 0.5 && !one.has_twin),
        count(&|one| one.innocent >= 0.9),
        figure(mean(&|(p, _)| *p)),
        figure(mean(&|(p, right)| (p - f64::from(u8::from(*right))).powi(2))),
        figure(expected_error(&named)),
        count(&|one| one.nearest.is_right),
        count(&|one| one.nearest.names_innocent),
        count(&|one| one.gandalf.is_right),
        count(&|one| one.gandalf.names_innocent),
    )
}

/// One bin of ten: how many, the mean of what was said, how many were right.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bin {
    /// How many.
    pub(crate) n: usize,
    /// The sum of what was said.
    pub(crate) said: f64,
    /// How many were right.
    pub(crate) n_right: usize,
}

/// Ten bins of probability.
pub(crate) fn bins(said: &[(f64, bool)]) -> [Bin; 10] {
    let mut bins = [Bin::default(); 10];
    for (p, right) in said {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.n += 1;
        bin.said += p;
        bin.n_right += usize::from(*right);
    }
    bins
}

/// The expected calibration error over ten bins.
fn expected_error(said: &[(f64, bool)]) -> Option<f64> {
    let off: f64 = bins(said).iter().map(|bin| (bin.said - bin.n_right as f64).abs()).sum();
    (!said.is_empty()).then(|| off / said.len() as f64)
}

/// The likeliest known cause of every incident, named or not.
pub(crate) fn all_said<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Vec<(f64, bool)> {
    answers.into_iter().filter_map(|one| one.first).map(|one| (one.0, one.1)).collect()
}

fn answers(block: &Block) -> Vec<&Answer> {
    block.iter().flat_map(|(_, answers)| answers).collect()
}

/// A table with one row a family and one for all.
pub(crate) fn by_family(block: &Block) -> String {
    let mut text = HEAD.to_owned();
    for (family, answers) in block {
        text += &row(family.name, &answers.iter().collect::<Vec<_>>());
    }
    text + &row("all", &answers(block))
}

/// The table of bins.
pub(crate) fn by_bin(said: &[(f64, bool)]) -> String {
    let mut text = "| said | n | mean said | right | 95 % interval |\n| --- | ---: | ---: | ---: | ---: |\n".to_owned();
    for (place, bin) in bins(said).iter().enumerate().filter(|(_, bin)| bin.n > 0) {
        let (lower, upper) = proportion_interval(bin.n_right, bin.n);
        let n = bin.n as f64;
        let _ = writeln!(
            text,
            "| .{place} to {} | {} | {:.3} | {:.3} | {lower:.3} to {upper:.3} |",
            if place == 9 { "1".to_owned() } else { format!(".{}", place + 1) },
            bin.n,
            bin.said / n,
            bin.n_right as f64 / n,
        );
    }
    text
}

/// The text of the report: the clean block, then one for each spoiling.
pub(crate) fn report(clean: &Block, n: usize, spoiled: &[Block], n_spoiled: usize) -> String {
    let mut text = format!(
        "# How far verdicts can be relied on\n\n\
        Simulated incidents of a fleet that shares no formula with the judge, {n} of each family. Written by \
        `cargo bench --bench verdicts -- {n} --write`; what is drawn and why stands in `benches/verdicts/draw.rs`.\n\n\
        Right: the root cause of the first incident is the planted one (quiet: no incident; unrecorded: a change that no \
        table holds; there an abstention is no fault). Twins: an innocent change reached the same hosts so \
        nearly at the same times that fewer than three failures are expected between them; to abstain is right \
        there. Missed: no incident found. At .5, .9: an innocent change has at \
        least that probability. Mean p, Brier and ECE: of causes that were named. The baselines know changes only: \
        naming nothing counts as right for them where no recorded change is guilty. A draw whose fault failed fewer than \
        six attempts was drawn again.\n\n"
    );
    text += &by_family(clean);
    text += "\n## Said and right\n\nThe likeliest cause of every incident above, named or not.\n\n";
    text += &by_bin(&all_said(answers(clean)));
    text += "\n![Calibration curve](calibration.svg)\n";
    if n_spoiled == 0 {
        return text;
    }
    let _ = write!(
        text,
        "\n## When the logs are not what they should be\n\n\
        The first {n_spoiled} fleets of each family again, with one thing wrong; the first row is the same fleets with \
        nothing wrong.\n\n{HEAD}"
    );
    let first: Vec<&Answer> = clean.iter().flat_map(|(_, answers)| answers.iter().take(n_spoiled)).collect();
    text += &row("nothing", &first);
    for (spoiling, block) in SPOILINGS.iter().zip(spoiled) {
        text += &row(spoiling.name, &answers(block));
    }
    text += "\n### Said and right, all of these\n\n";
    text += &by_bin(&all_said(spoiled.iter().flat_map(answers)));
    for (spoiling, block) in SPOILINGS.iter().zip(spoiled) {
        let mut name = spoiling.name.to_owned();
        name[..1].make_ascii_uppercase();
        let _ = write!(text, "\n### {name}: {}\n\n", spoiling.what);
        text += &by_family(block);
    }
    text
}
