//! Fills the document of a week: renames, rounds and words, and computes nothing new.

use super::document::{
    DaySection, EffectSection, HostCoverageSection, HostScoreSection, MovementSection, MovementsSection,
    ReviewDocument, SCHEMA_VERSION, ScoreSection, ShareSection, SlowLogonSection, SuccessSection, WeekBeforeSection,
    WeekCoverageSection, WeekIncidentSection, WeekSection,
};
use crate::judge::Incident;
use crate::model::TimeRange;
use crate::report::document::{Span, Tool};
use crate::report::input::Input;
use crate::report::sections::{self as whole, finite, probability, quantity, shown, texts, word};
use crate::report::wording;
use crate::review::movement::LEVEL;
use crate::review::{Effect, Failed, Movement, Review, Score, SlowLogon};

/// Returns the review as values.
pub fn document(input: &Input<'_>, review: &Review) -> ReviewDocument {
    ReviewDocument {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool { name: "causeline".to_owned(), version: input.tool_version.to_owned() },
        options: input.options.clone(),
        redaction: whole::redaction(input),
        inputs: whole::inputs(input),
        window: whole::window(input),
        headline: wording::review::headline(review),
        week: WeekSection {
            id: review.week.to_string(),
            start: review.span.start.to_string(),
            end: review.span.end.to_string(),
            timezone: review.calendar.name().to_owned(),
        },
        coverage: coverage(review),
        success: success(review),
        incidents: review
            .incidents
            .iter()
            .filter_map(|place| input.judgement.incidents.get(*place))
            .map(|one| incident(input, one))
            .collect(),
        signatures: movements(input, review),
        changes: review.effects.iter().filter_map(|one| effect(input, one)).collect(),
        slow_logons: review.slow_logons.iter().map(slow_logon).collect(),
        latent: input.judgement.latent.iter().map(|latent| whole::latent_section(input, latent)).collect(),
        diagnostics: whole::diagnostics(input),
    }
}

fn span(of: &TimeRange) -> Span {
    Span { start: Some(of.start.to_string()), end: Some(of.end.to_string()) }
}

fn coverage(review: &Review) -> WeekCoverageSection {
    let host = |host: &crate::review::HostCoverage| HostCoverageSection {
        host_name: host.host.to_string(),
        share: shown(host.share),
        missing: host.missing.iter().map(span).collect(),
    };
    WeekCoverageSection {
        share: shown(review.coverage.share),
        is_enough: review.coverage.is_enough(),
        hosts: review.coverage.hosts.iter().map(host).collect(),
        statement: wording::review::coverage(review),
    }
}

fn score(review: &Review, of: &Score) -> ScoreSection {
    ScoreSection {
        n_wishes: of.n_wishes as u64,
        n_failed: of.n_failed as u64,
        n_shut_out: of.n_shut_out as u64,
        success: of.success().as_ref().map(quantity),
        budget: shown(of.budget),
        burnt: of.burnt().map(shown),
        is_met: of.is_met().filter(|_| review.coverage.is_enough()),
        is_too_few: of.is_too_few(),
    }
}

fn success(review: &Review) -> SuccessSection {
    let days = review.days.iter().zip(&review.by_day);
    SuccessSection {
        objective: shown(review.objective.share()),
        total: score(review, &review.score),
        days: days
            .map(|(day, of)| DaySection { date: review.calendar.show(day.start, "%Y-%m-%d"), score: score(review, of) })
            .collect(),
        hosts: review
            .by_host
            .iter()
            .map(|(host, of)| HostScoreSection { host_name: host.to_string(), score: score(review, of) })
            .collect(),
        weeks_before: review
            .before
            .iter()
            .map(|one| WeekBeforeSection {
                week: one.week.to_string(),
                covered: shown(one.covered),
                score: score(review, &one.score),
            })
            .collect(),
        n_own_fault: review.n_own_fault as u64,
        statement: wording::review::success(review),
    }
}

fn incident(input: &Input<'_>, one: &Incident) -> WeekIncidentSection {
    WeekIncidentSection {
        id: one.id.clone(),
        title: wording::incident::title(input, one),
        started_at: one.started_at.to_string(),
        ended_at: one.ended_at.map(|at| at.to_string()),
        signatures: texts(&one.signatures),
        n_attempts: one.n_attempts as u64,
        n_failures: one.n_failures as u64,
        n_users: one.n_users as u64,
        hosts: texts(&one.hosts),
        root_cause: whole::cause(&one.root_cause),
        remedy: whole::remedy(one),
        statement: wording::review::incident(input, one),
    }
}

fn movements(input: &Input<'_>, review: &Review) -> MovementsSection {
    let comparison = &review.comparison;
    MovementsSection {
        is_compared: comparison.is_made,
        weeks: comparison.weeks.iter().map(ToString::to_string).collect(),
        n_tests: comparison.n_tests as u64,
        level: LEVEL,
        method: wording::review::method(review),
        movements: comparison.movements.iter().map(|one| movement(input, one)).collect(),
    }
}

fn movement(input: &Input<'_>, one: &Movement) -> MovementSection {
    MovementSection {
        signature: one.signature.to_string(),
        title: input.signature_title(&one.signature).to_owned(),
        counted: word(&one.counted),
        is_own_fault: one.is_own_fault,
        direction: word(&one.direction),
        is_first_seen: one.is_first_seen(),
        n_week: one.n_week as u64,
        n_compared: one.n_compared as u64,
        n_before: one.n_before as u64,
        expected: shown(one.expected),
        ratio: quantity(&one.ratio),
        p: probability(one.p),
        p_corrected: probability(one.p_corrected),
        dispersion: shown(one.dispersion),
        last_before_at: one.last_before.map(|at| at.to_string()),
        by_week: one.by_week.iter().map(|n| *n as u64).collect(),
        statement: wording::review::movement(input, one),
    }
}

fn effect(input: &Input<'_>, one: &Effect) -> Option<EffectSection> {
    let change = input.change(&one.change_id)?;
    let verdicts = input.judgement.verdicts.iter().filter(|verdict| verdict.change_id == change.id);
    Some(EffectSection {
        id: change.id.clone(),
        component: change.component.to_string(),
        version: change.version.as_deref().map(str::to_owned),
        kind: word(&change.kind),
        started_at: change.started_at.to_string(),
        is_first: one.is_first,
        hosts: texts(&one.hosts),
        before: share(one.before),
        after: share(one.after),
        ratio: one.ratio.as_ref().map(quantity),
        elsewhere_before: one.elsewhere.map(|shares| share(shares[0])),
        elsewhere_after: one.elsewhere.map(|shares| share(shares[1])),
        beyond_others: one.beyond_others.as_ref().map(quantity),
        is_too_few: one.is_too_few,
        verdicts: verdicts.map(|verdict| whole::verdict_section(input, verdict)).collect(),
        statement: wording::review::effect(one),
    })
}

fn share(of: Failed) -> ShareSection {
    ShareSection { n_wishes: of.n_wishes as u64, n_failed: of.n_failed as u64 }
}

fn slow_logon(one: &SlowLogon) -> SlowLogonSection {
    SlowLogonSection {
        host_name: one.host.to_string(),
        phase: word(&one.phase),
        n: one.n as u64,
        median: shown(one.median),
        p90: shown(one.p90),
        median_week_before: one.week_before.and_then(finite),
        median_before: shown(one.slowdown.median_before),
        unit: "s".to_owned(),
        slow_since: one.slowdown.week.to_string(),
        is_new: one.is_new,
        p_corrected: probability(one.slowdown.p),
    }
}
