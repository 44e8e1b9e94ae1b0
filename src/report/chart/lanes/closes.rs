//! Sessions that did not close: what a latent fault leaves behind before anyone is locked out.

use super::{counted, missing, rate_bars, round_scale, unit};
use crate::frame::Close;
use crate::report::chart::mark::{Band, Note};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::mark::Mark;
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
}
