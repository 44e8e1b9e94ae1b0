//! Host by time: the rows stand in the order in which the hosts were hit, so the order itself shows a rollout.

use std::collections::BTreeMap;

use crate::judge::Verdict;
use crate::model::{Name, TimeRange};
use crate::report::chart::mark::{Band, Mark, Note, Row, Shape};
use crate::report::chart::scene::{self, Scene};
use crate::report::chart::theme::{Ink, heat};

/// Up to so many hosts every row is high enough for its name.
const MAX_NAMED: usize = 24;
/// More rows than this become one picture too high for a page; the rest shares the last row.
const MAX_ROWS: usize = 72;
const NAMED_HEIGHT: i32 = 16;
const SMALL_HEIGHT: i32 = 8;

/// Host by time.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    if scene.hosts.is_empty() {
        return Vec::new();
    }
    let n_own = if scene.hosts.len() > MAX_ROWS { MAX_ROWS - 1 } else { scene.hosts.len() };
    let (own, rest) = scene.hosts.split_at(n_own);
    let is_named = scene.hosts.len() <= MAX_NAMED;
    let height = if is_named { NAMED_HEIGHT } else { SMALL_HEIGHT };
    let mut rows: Vec<Row> = own
        .iter()
        .enumerate()
        // Small rows are named two by two: a name is as high as two of them.
        .map(|(idx, host)| {
            let has_room = is_named || (idx % 2 == 0 && idx + 1 < own.len());
            let name = if has_room { host.to_string() } else { String::new() };
            Row { name, hosts: vec![host.clone()], height }
        })
        .collect();
    let row_of: BTreeMap<&Name, usize> =
        own.iter().enumerate().map(|(idx, host)| (host, idx)).chain(rest.iter().map(|host| (host, n_own))).collect();
    if !rest.is_empty() {
        rows.push(Row { name: format!("{} more hosts", rest.len()), hosts: rest.to_vec(), height: NAMED_HEIGHT });
    }
    let mut marks = tiles(scene, &row_of, rows.len());
    for (idx, host) in own.iter().enumerate() {
        marks.extend(scene.missing_of(host).into_iter().map(|span| Mark::Missing { row: Some(idx), span }));
    }
    marks.extend(arrivals(scene, &row_of, n_own, is_named));
    vec![Band {
        id: "hosts".to_owned(),
        title: "Hosts".to_owned(),
        notes: notes(scene, rows.len()),
        height: rows.iter().map(|row| row.height).sum(),
        scale: None,
        rows,
        marks,
    }]
}

/// What order and signs mean, where the rows leave room for it.
fn notes(scene: &Scene<'_>, n_rows: usize) -> Vec<Note> {
    let mut notes = vec![Note::plain("share of attempts that failed")];
    if scene.incident.is_some() {
        notes = vec![Note::plain("in the order in which they were hit")];
        if scene.guilty.is_some() {
            notes.push(Note::about("▲", Ink::Text, "got the change"));
        }
        if scene.incident.is_some_and(|main| main.remedy.change_id.is_some()) {
            notes.push(Note::about("+", Ink::Remedy, "got the remedy"));
        }
    }
    // A line of text is about as high as a row with a name; the title takes the first.
    notes.truncate(n_rows.saturating_sub(2));
    notes
}

/// One tile a row and bin with attempts, colored by the share that failed; equal neighbors become one.
fn tiles(scene: &Scene<'_>, row_of: &BTreeMap<&Name, usize>, n_rows: usize) -> Vec<Mark> {
    let n_bins = scene.axis.bins.len();
    let mut counts = vec![(0_u32, 0_u32); n_rows * n_bins];
    for attempt in &scene.input.tables.attempts {
        let place = row_of.get(&attempt.host).zip(scene.axis.bin(attempt.at));
        if let Some(cell) = place.and_then(|(row, bin)| counts.get_mut(row * n_bins + bin)) {
            cell.0 += 1;
            cell.1 += u32::from(scene.is_subject(attempt));
        }
    }
    let mut tiles = Vec::new();
    for row in 0..n_rows {
        let mut open: Option<(TimeRange, Ink)> = None;
        for (bin, (tried, failed)) in scene.axis.bins.iter().zip(&counts[row * n_bins..(row + 1) * n_bins]) {
            let ink = (*tried > 0).then(|| heat(f64::from(*failed) / f64::from(*tried)));
            match (&mut open, ink) {
                (Some((span, known)), Some(ink)) if *known == ink && span.end == bin.span.start => {
                    span.end = bin.span.end;
                }
                _ => {
                    tiles.extend(open.take().map(|(span, ink)| Mark::Tile { row, span, ink }));
                    open = ink.map(|ink| (bin.span, ink));
                }
            }
        }
        tiles.extend(open.map(|(span, ink)| Mark::Tile { row, span, ink }));
    }
    tiles
}

/// When each host got the guilty change and the remedy.
fn arrivals(scene: &Scene<'_>, row_of: &BTreeMap<&Name, usize>, n_own: usize, is_named: bool) -> Vec<Mark> {
    let radius = if is_named { 5 } else { 3 };
    let mut marks = Vec::new();
    for change in &scene.input.tables.changes {
        let said = scene.verdict(change).map(|(verdict, _)| verdict);
        if !matches!(said, Some(Verdict::RootCause | Verdict::Remedy)) {
            continue;
        }
        let (shape, ink) = scene::look(said);
        for host in &change.hosts {
            if let Some(row) = row_of.get(&host.host).filter(|row| **row < n_own)
                && scene.axis.shows(host.in_force_at)
            {
                // Over tiles in the color of failures a triangle needs another color than its own.
                let ink = if shape == Shape::Triangle { Ink::Text } else { ink };
                let changes = vec![change.id.clone()];
                marks.push(Mark::Symbol { row: *row, at: host.in_force_at, shape, ink, radius, changes });
            }
        }
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
        let mut ends = vec![crate::model::Timestamp(i64::MIN); band.rows.len()];
        for mark in &band.marks {
            if let Mark::Tile { row, span, .. } = mark {
                assert!(ends[*row] <= span.start);
                ends[*row] = span.end;
            }
        }
    }

    #[test]
    fn many_hosts_share_the_last_row() {
        let case = fixture::many(90, 3, 3);
        let input = case.input();
        let band = &bands(&Scene::new(&input).unwrap())[0];
        assert_eq!(band.rows.len(), MAX_ROWS);
        assert_eq!(band.rows.last().unwrap().name, "19 more hosts");
    }
}
