//! Host by time: the rows stand in the order in which the hosts were hit, so the order itself shows a rollout.
//!
//! Up to a screenful of hosts each has its row. Beyond that those that were hit first do; the others are summed, those
//! that got the change apart from those that did not, so that 300 hosts still show what the change did.

use std::collections::BTreeMap;

use crate::judge::Verdict;
use crate::model::{Name, TimeRange, Timestamp};
use crate::report::chart::mark::{Band, Mark, Note, Row, Shape};
use crate::report::chart::scene::{self, MANY_HOSTS, Scene};
use crate::report::chart::theme::{Ink, heat};
use crate::report::wording::number;

const ROW_HEIGHT: i32 = 16;
/// Half the size of a symbol.
const RADIUS: i32 = 5;

/// Host by time.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    if scene.hosts.is_empty() {
        return Vec::new();
    }
    let rows = rows(scene);
    let n_summed: usize = rows.iter().map(|row| row.hosts.len()).filter(|n| *n > 1).sum();
    let mut marks = Vec::new();
    let arrivals = arrivals(scene);
    let row_of: BTreeMap<&Name, usize> =
        rows.iter().enumerate().flat_map(|(idx, row)| row.hosts.iter().map(move |host| (host, idx))).collect();
    marks.extend(tiles(scene, &rows, &row_of, &arrivals));
    for (idx, row) in rows.iter().enumerate() {
        marks.extend(scene.missing_of(&row.hosts).into_iter().map(|span| Mark::Missing { row: Some(idx), span }));
        if let [host] = row.hosts.as_slice() {
            marks.extend(states(scene, idx, arrivals.get(host).map_or(&[][..], Vec::as_slice)));
        }
    }
    let mut notes = vec![Note::plain("share of attempts that failed")];
    if scene.incident.is_some() {
        notes.push(Note::plain("in the order in which they were hit"));
    } else if n_summed > 0 {
        notes.push(Note::plain("most failures first"));
    }
    if n_summed > 0 {
        notes.push(Note::plain(format!("{} of {} summed", number::grouped(n_summed), scene.hosts.len())));
    }
    // A line of text is about as high as a row; the title takes the first.
    notes.truncate(rows.len().saturating_sub(1) / 2);
    vec![Band {
        id: "hosts".to_owned(),
        title: "Hosts".to_owned(),
        notes,
        height: rows.iter().map(|row| row.height).sum(),
        scale: None,
        rows,
        marks,
    }]
}

/// One row a host, or for the hosts that are hit first; the others in rows that sum them.
fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let named = |host: &Name| Row { name: host.to_string(), hosts: vec![host.clone()], height: ROW_HEIGHT };
    if scene.hosts.len() <= MANY_HOSTS {
        return scene.hosts.iter().map(named).collect();
    }
    let n_own = scene.n_hit.min(MANY_HOSTS);
    let mut rows: Vec<Row> = scene.hosts[..n_own].iter().map(named).collect();
    let has_it = |host: &Name| {
        scene.guilty.filter(|change| change.hosts_known).map(|change| change.hosts.iter().any(|one| one.host == *host))
    };
    let mut groups: BTreeMap<(bool, Option<bool>), Vec<Name>> = BTreeMap::new();
    for (idx, host) in scene.hosts.iter().enumerate().skip(n_own) {
        let got = has_it(host).map(|got| !got);
        groups.entry((idx >= scene.n_hit, got)).or_default().push(host.clone());
    }
    for ((is_spared, without), hosts) in groups {
        let n = number::grouped(hosts.len());
        let fate = match (scene.incident.is_some(), is_spared) {
            (false, _) => " more hosts",
            (true, true) => " not hit",
            (true, false) => " more hit",
        };
        let change = match without {
            Some(true) => ", not changed",
            Some(false) => ", changed",
            None => "",
        };
        rows.push(Row { name: format!("{n}{fate}{change}"), hosts, height: ROW_HEIGHT });
    }
    rows
}

/// A change that reached a host: what was said of it, and when it came into force.
type Arrival<'a> = (Timestamp, Verdict, &'a str);

/// When each host got what is guilty, what contributes and what ended it; nothing of changes whose hosts are not known.
fn arrivals<'a>(scene: &Scene<'a>) -> BTreeMap<&'a Name, Vec<Arrival<'a>>> {
    let mut arrivals: BTreeMap<&Name, Vec<Arrival<'_>>> = BTreeMap::new();
    for change in scene.input.tables.changes.iter().filter(|change| change.hosts_known) {
        let Some((verdict, _)) = scene.verdict(change) else { continue };
        if matches!(verdict, Verdict::RootCause | Verdict::Contributing | Verdict::Remedy) {
            for host in &change.hosts {
                arrivals.entry(&host.host).or_default().push((host.in_force_at, verdict, &change.id));
            }
        }
    }
    for list in arrivals.values_mut() {
        list.sort_unstable();
    }
    arrivals
}

/// One tile a row and bin with attempts, colored by the share that failed; equal neighbors become one. In the row of one
/// host tiles begin anew where a change reached it, so that none shows failures before their cause.
fn tiles(
    scene: &Scene<'_>,
    rows: &[Row],
    row_of: &BTreeMap<&Name, usize>,
    arrivals: &BTreeMap<&Name, Vec<Arrival<'_>>>,
) -> Vec<Mark> {
    let cuts: Vec<Vec<Timestamp>> = rows
        .iter()
        .map(|row| match row.hosts.as_slice() {
            [host] => arrivals.get(host).into_iter().flatten().map(|(at, ..)| *at).collect(),
            _ => Vec::new(),
        })
        .collect();
    let piece = |row: usize, at: Timestamp| cuts[row].partition_point(|cut| *cut <= at);
    let mut counts: BTreeMap<(usize, usize, usize), (u32, u32)> = BTreeMap::new();
    for attempt in &scene.input.tables.attempts {
        if let Some((row, bin)) = row_of.get(&attempt.host).copied().zip(scene.axis.bin(attempt.at)) {
            let cell = counts.entry((row, bin, piece(row, attempt.at))).or_default();
            cell.0 += 1;
            cell.1 += u32::from(scene.is_subject(attempt));
        }
    }
    let mut tiles: Vec<Mark> = Vec::new();
    for ((row, bin, piece), (tried, failed)) in counts {
        let mut span = scene.axis.bins[bin].span;
        if let Some(from) = piece.checked_sub(1).and_then(|before| cuts[row].get(before)) {
            span.start = span.start.max(*from);
        }
        span.end = cuts[row].get(piece).map_or(span.end, |to| span.end.min(*to));
        let ink = heat(f64::from(failed) / f64::from(tried));
        match tiles.last_mut() {
            Some(Mark::Tile { row: last_row, span: last, ink: known })
                if *last_row == row && *known == ink && last.end == span.start && !cuts[row].contains(&span.start) =>
            {
                last.end = span.end;
            }
            _ => tiles.push(Mark::Tile { row, span, ink }),
        }
    }
    tiles
}

/// What a host has, as a line at the foot of its row, and a symbol where it got it.
fn states(scene: &Scene<'_>, row: usize, arrivals: &[Arrival<'_>]) -> Vec<Mark> {
    let Some(end) = scene.axis.parts.last().map(|part| part.span.end) else { return Vec::new() };
    let mut marks = Vec::new();
    let lasting: Vec<&Arrival<'_>> =
        arrivals.iter().filter(|(_, verdict, _)| *verdict != Verdict::Contributing).collect();
    for (idx, (from, verdict, _)) in lasting.iter().enumerate() {
        let to = lasting.get(idx + 1).map_or(end, |(next, ..)| *next);
        let ink = if *verdict == Verdict::Remedy { Ink::Remedy } else { Ink::Text };
        for part in &scene.axis.parts {
            let span = TimeRange { start: (*from).max(part.span.start), end: to.min(part.span.end) };
            if span.seconds() > 0.0 {
                marks.push(Mark::State { row, span, ink });
            }
        }
    }
    for (at, verdict, id) in arrivals.iter().filter(|(at, ..)| scene.axis.shows(*at)) {
        let (shape, ink) = scene::look(Some(*verdict));
        // Over tiles in the color of failures a triangle needs another color than its own.
        let ink = if shape == Shape::Triangle { Ink::Text } else { ink };
        marks.push(Mark::Symbol { row, at: *at, shape, ink, radius: RADIUS, changes: vec![(*id).to_owned()] });
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_patched_host_is_marked_at_the_time_it_was_patched() {
        let case = fixture::founding();
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let band = &bands(&scene)[0];
        let patched = band.rows.iter().position(|row| row.name == "RDS04").unwrap();
        let at = fixture::at("2022-08-22T13:30:00Z");
        assert!(band.marks.contains(&Mark::Symbol {
            row: patched,
            at,
            shape: Shape::Plus,
            ink: Ink::Remedy,
            radius: 5,
            changes: vec!["chg-5".to_owned()],
        }));
        let gap = Mark::Missing {
            row: band.rows.iter().position(|row| row.name == "RDS05"),
            span: case.tables.coverage[4].gaps[0].range(),
        };
        assert!(band.marks.contains(&gap), "a silent host is hatched and not calm");
    }

    #[test]
    fn tiles_of_a_row_do_not_overlap() {
        let case = fixture::founding();
        let input = case.input();
        let band = &bands(&Scene::new(&input).unwrap())[0];
        let mut ends = vec![Timestamp(i64::MIN); band.rows.len()];
        for mark in &band.marks {
            if let Mark::Tile { row, span, .. } = mark {
                assert!(ends[*row] <= span.start);
                ends[*row] = span.end;
            }
        }
    }

    #[test]
    fn of_many_hosts_those_that_were_hit_have_their_rows_and_the_others_are_summed() {
        let case = fixture::many(90, 3, 3);
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let band = &bands(&scene)[0];
        let names: Vec<&str> = band.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names[..MANY_HOSTS], scene.hosts[..MANY_HOSTS].iter().map(|host| &**host).collect::<Vec<_>>()[..]);
        let n_hosts: usize = band.rows.iter().map(|row| row.hosts.len()).sum();
        assert_eq!(n_hosts, 90, "every host is in one row");
        assert!(names[MANY_HOSTS].contains("more hit"), "{names:?}");
        assert!(names.last().unwrap().contains("not hit, not changed"), "{names:?}");
    }

    /// Whatever the bins are: a tile that shows a failure never begins before the change that its host failed of.
    #[test]
    fn no_tile_reaches_over_the_arrival_of_a_change() {
        for seed in 0..6 {
            let case = fixture::varied(&fixture::Shape { n_hosts: 9, seed, ..fixture::Shape::default() });
            let input = case.input();
            let scene = Scene::new(&input).unwrap();
            let guilty = scene.guilty.unwrap();
            let band = &bands(&scene)[0];
            let mut n_cut = 0;
            for mark in &band.marks {
                let Mark::Tile { row, span, .. } = mark else { continue };
                let host = &band.rows[*row].hosts[0];
                if let Some(got) = guilty.hosts.iter().find(|one| one.host == *host) {
                    assert!(!(span.start < got.in_force_at && got.in_force_at < span.end), "{host} {span:?}");
                    n_cut += usize::from(span.start == got.in_force_at);
                }
            }
            assert!(n_cut > 0, "some tile begins with the change");
        }
    }

    #[test]
    fn a_change_whose_hosts_are_not_known_reaches_none() {
        let mut case = fixture::founding();
        for change in &mut case.tables.changes {
            change.hosts_known = false;
        }
        let input = case.input();
        let band = &bands(&Scene::new(&input).unwrap())[0];
        assert!(!band.marks.iter().any(|mark| matches!(mark, Mark::Symbol { .. } | Mark::State { .. })));
    }
}
