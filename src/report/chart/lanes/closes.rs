//! Sessions that did not close: what a latent fault leaves behind before anyone is locked out.

use std::collections::BTreeMap;

use super::{counted, missing, rate_bars, round_scale, unit};
use crate::frame::Close;
use crate::model::TimeRange;
use crate::report::chart::mark::{Band, Mark, Note};
use crate::report::chart::scene::Scene;
use crate::report::chart::theme::Ink;

/// Without a source that can show a close there is no lane: an empty one would claim that all went well.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let sessions = &scene.input.tables.sessions;
    if sessions.iter().all(|session| session.close == Close::NotObservable) {
        return Vec::new();
    }
    let ends = sessions
        .iter()
        .filter(|session| session.close == Close::Incomplete)
        .filter_map(|session| session.ended_at.or(session.marks.first().map(|mark| mark.at)));
    let counts = counted(&scene.axis, ends);
    let (bars, max) = rate_bars(&scene.axis, &counts, Ink::Unclosed);
    let mut marks: Vec<_> = missing(scene).collect();
    marks.extend(unseen(scene).into_iter().map(|span| Mark::Missing { row: None, span }));
    marks.extend(bars);
    vec![Band {
        id: "closes".to_owned(),
        title: "Sessions that did not close".to_owned(),
        notes: vec![Note::plain(format!("per {}", unit(&scene.axis)))],
        height: 40,
        scale: Some(round_scale(max)),
        rows: Vec::new(),
        marks,
    }]
}

/// Times in which sessions ended, and no source could have shown that one did not close. A few sessions that a restart
/// ended make none.
fn unseen(scene: &Scene<'_>) -> Vec<TimeRange> {
    const LEAST_S: f64 = 12.0 * 3_600.0;
    const LEAST_SESSIONS: usize = 5;
    let mut sight: BTreeMap<usize, (bool, usize)> = BTreeMap::new();
    for session in &scene.input.tables.sessions {
        if let Some(bin) = session.ended_at.and_then(|at| scene.axis.bin(at)) {
            let known = sight.entry(bin).or_default();
            known.0 |= session.close != Close::NotObservable;
            known.1 += 1;
        }
    }
    // Bins in which no session ended say nothing; between two blind ones they are blind too.
    let mut spans: Vec<(TimeRange, usize)> = Vec::new();
    let mut is_open = false;
    for (bin, (is_seen, n)) in sight {
        let span = scene.axis.bins[bin].span;
        match spans.last_mut() {
            _ if is_seen => {}
            Some(last) if is_open => (last.0.end, last.1) = (span.end, last.1 + n),
            _ => spans.push((span, n)),
        }
        is_open = !is_seen;
    }
    spans.retain(|(span, n)| span.seconds() >= LEAST_S && *n >= LEAST_SESSIONS);
    spans.into_iter().map(|(span, _)| span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_lane_shows_incomplete_closes_only_and_is_gone_where_none_could_be_seen() {
        let mut case = fixture::founding();
        let n_incomplete = case.tables.sessions.iter().filter(|session| session.close == Close::Incomplete).count();
        assert!(n_incomplete > 0);
        {
            let input = case.input();
            let scene = Scene::new(&input).unwrap();
            let bars = bands(&scene)[0].marks.iter().filter(|mark| matches!(mark, Mark::Bar { .. })).count();
            assert!(bars > 0 && bars <= n_incomplete, "{bars} of {n_incomplete}");
        }
        for session in &mut case.tables.sessions {
            session.close = Close::NotObservable;
        }
        let input = case.input();
        assert!(bands(&Scene::new(&input).unwrap()).is_empty());
    }
    #[test]
    fn where_no_source_could_show_it_the_lane_is_hatched_and_not_calm() {
        let mut case = fixture::founding();
        let (from, to) = (fixture::at("2022-08-01T00:00:00Z"), fixture::at("2022-08-06T00:00:00Z"));
        for session in &mut case.tables.sessions {
            if session.ended_at.is_some_and(|at| from <= at && at < to) {
                session.close = Close::NotObservable;
            }
        }
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let spans = unseen(&scene);
        let day = crate::model::time::TICKS_PER_DAY;
        assert_eq!(spans.len(), 1, "{spans:?}");
        assert!((spans[0].start.0 - from.0).abs() <= day && (spans[0].end.0 - to.0).abs() <= day, "{spans:?}");
    }
}
