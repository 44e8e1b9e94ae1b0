//! Finds the sources under the given paths: files, folders, globs, archives, standard input.
//!
//! Folders are read whole, hidden files and linked files included: evidence lies where it lies. A link
//! that leads back up is a diagnostic. Of sources with equal bytes only the first by path is read, for
//! logs are copied and rotated, and an event that counts twice is wrong.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::glob;
use super::place::{Place, Room};
use super::source::Source;
use super::tally::Tally;
use super::unfold::{Given, Leaf, Unfolding, unfold};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::error::Error;
use crate::model::SourceId;

/// Folders within folders that are followed; links can make more.
const FOLDER_DEPTH_MAX: usize = 64;

/// What lies under the paths.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The sources, by path; their numbers are in this order.
    pub sources: Vec<Source>,
    /// What could not be opened, and what is there twice.
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds the sources under `paths` and recognizes what each is.
///
/// A path may be a file, a folder, a glob (a file of that very name comes first), or `-` for standard
/// input. Archives (zip, tar) and compressed files (gzip, bzip2, xz, zstd) are opened wherever they
/// lie, in each other, too.
///
/// # Errors
///
/// [`Error::Missing`] for a path or glob that names nothing, [`Error::Read`] for one that cannot be
/// opened. What fails further below is a diagnostic.
pub fn discover(paths: &[PathBuf]) -> Result<Discovery, Error> {
    let mut diagnostics = Diagnostics::new();
    let room = Room::new();
    let files = files(paths, &room, &mut diagnostics)?;
    let unfolded: Vec<Unfolding<'_>> = files.into_par_iter().map(|given| unfold(given, &room)).collect();
    let mut leaves = Vec::new();
    for unfolding in unfolded {
        leaves.extend(unfolding.leaves);
        diagnostics.extend(unfolding.diagnostics);
    }
    leaves.sort_by(|a, b| a.source.name.path.cmp(&b.source.name.path));
    let mut sources = without_duplicates(leaves, &mut diagnostics);
    for (index, source) in sources.iter_mut().enumerate() {
        source.name.id = SourceId(index as u32);
    }
    Ok(Discovery { sources, diagnostics: diagnostics.into_vec() })
}

/// The files under the paths.
fn files(paths: &[PathBuf], room: &Room, diagnostics: &mut Diagnostics) -> Result<Vec<Given>, Error> {
    let mut roots: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    let mut given = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let place = Place::spool(&mut io::stdin().lock(), room);
            let place = place.map_err(|source| Error::Read { path: path.clone(), source })?;
            given.push(Given { path: "-".to_owned(), place, n_bytes_stored: 0 });
        } else if path.symlink_metadata().is_ok() {
            roots.push((path.clone(), vec![path.clone()]));
        } else if let Some(expansion) = glob::expand(path).filter(|expansion| !expansion.matches.is_empty()) {
            let matches = expansion.matches.into_iter();
            if expansion.base.as_os_str().is_empty() {
                roots.extend(matches.map(|path| (path.clone(), vec![path])));
            } else {
                roots.push((expansion.base, matches.collect()));
            }
        } else {
            return Err(Error::Missing { path: path.clone() });
        }
    }
    let names = own_names(roots.iter().map(|(root, _)| root.as_path()).collect());
    let mut seen = BTreeMap::new();
    for ((root, starts), name) in roots.iter().zip(&names) {
        for start in starts {
            for (file, n_bytes) in walk(root, start, name, diagnostics)? {
                seen.entry(shown(root, &file, name)).or_insert((file, n_bytes));
            }
        }
    }
    for (path, (file, n_bytes)) in seen {
        let place = match n_bytes {
            Some(_) => Place::file(file),
            // A pipe: its bytes come once.
            None => std::fs::File::open(&file)
                .and_then(|mut pipe| Place::spool(&mut pipe, room))
                .map_err(|source| Error::Read { path: file, source })?,
        };
        given.push(Given { path, place, n_bytes_stored: n_bytes.unwrap_or(0) });
    }
    Ok(given)
}

/// The names by which reports call the roots: the last part, and where two roots share it as many
/// parts above as tell them apart.
fn own_names(roots: Vec<&Path>) -> Vec<String> {
    let parts: Vec<Vec<String>> = roots.into_iter().map(normal_parts).collect();
    let mut names: Vec<Option<String>> = vec![None; parts.len()];
    let mut n = 0;
    while names.contains(&None) {
        n += 1;
        let tail = |own: &[String]| own[own.len() - n.min(own.len())..].join("/");
        // Of each name, the first root that has it; none if another one has it, too.
        let mut owners: BTreeMap<String, Option<&Vec<String>>> = BTreeMap::new();
        for own in &parts {
            let owner = owners.entry(tail(own)).or_insert(Some(own));
            *owner = owner.filter(|first| *first == own);
        }
        for (name, own) in names.iter_mut().zip(&parts).filter(|(name, _)| name.is_none()) {
            let tail = tail(own);
            if n >= own.len() || owners.get(&tail).is_some_and(Option::is_some) {
                *name = Some(tail);
            }
        }
    }
    names.into_iter().flatten().collect()
}

/// The parts of an absolute path without drive or root.
fn normal_parts(path: &Path) -> Vec<String> {
    // Not resolved if it can be named as it is: a link keeps its own name.
    let has_parent = path.components().any(|part| part == Component::ParentDir);
    let absolute = if has_parent { path.canonicalize() } else { std::path::absolute(path) };
    let absolute = absolute.unwrap_or_else(|_| path.to_owned());
    let normal = |part: Component<'_>| match part {
        Component::Normal(name) => Some(printable(&name.to_string_lossy())),
        _ => None,
    };
    absolute.components().filter_map(normal).collect()
}

/// The regular files at or below `start`, with their sizes; a given pipe has none.
fn walk(
    root: &Path,
    start: &Path,
    name: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<(PathBuf, Option<u64>)>, Error> {
    let failed = |source| Error::Read { path: start.to_owned(), source };
    let metadata = start.metadata().map_err(failed)?;
    if !metadata.is_dir() {
        let size = metadata.is_file().then_some(metadata.len());
        if size.is_some() {
            std::fs::File::open(start).map_err(failed)?;
        }
        return Ok(vec![(start.to_owned(), size)]);
    }
    std::fs::read_dir(start).map_err(failed)?;
    let mut files = Vec::new();
    for entry in WalkDir::new(start).follow_links(true).max_depth(FOLDER_DEPTH_MAX).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let size = entry.metadata().map_or(0, |metadata| metadata.len());
                files.push((entry.into_path(), Some(size)));
            }
            Ok(_) => {}
            Err(error) => {
                let path = shown(root, error.path().unwrap_or(start), name);
                let detail = match error.io_error() {
                    Some(error) => error.kind().to_string(),
                    None => "a link that leads back to a folder above it".to_owned(),
                };
                diagnostics.push(Diagnostic::new(Code::SourceUnreadable, &path, None, detail));
            }
        }
    }
    Ok(files)
}

/// `log.file.path` of a file below a root of this name.
fn shown(root: &Path, file: &Path, name: &str) -> String {
    let below = file.strip_prefix(root).unwrap_or(file);
    let parts = below.components().filter_map(|part| match part {
        Component::Normal(part) => Some(printable(&part.to_string_lossy())),
        _ => None,
    });
    let first = (!name.is_empty()).then(|| name.to_owned());
    first.into_iter().chain(parts).collect::<Vec<_>>().join("/")
}

fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Leaves sources away whose bytes are those of an earlier one; empty ones stay.
///
/// Only sources that begin alike and are not known to differ in size are read whole.
fn without_duplicates(leaves: Vec<Leaf>, diagnostics: &mut Diagnostics) -> Vec<Source> {
    let mut alike: BTreeMap<[u8; 32], BTreeMap<Option<u64>, Vec<usize>>> = BTreeMap::new();
    for (index, leaf) in leaves.iter().enumerate() {
        if let Some(start) = leaf.start {
            alike.entry(start).or_default().entry(leaf.n_bytes).or_default().push(index);
        }
    }
    let suspects: Vec<usize> = alike
        .into_values()
        .flat_map(|by_size| {
            let is_any_unknown = by_size.contains_key(&None);
            let n_alike: usize = by_size.values().map(Vec::len).sum();
            by_size.into_values().filter(move |same| same.len() > 1 || (is_any_unknown && n_alike > 1)).flatten()
        })
        .collect();
    let digests: Vec<(usize, String)> = suspects
        .into_par_iter()
        .map(|index| (index, Tally::open(&leaves[index].source.place, true).finish("").1))
        .collect();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut original: BTreeMap<usize, usize> = BTreeMap::new();
    let mut digests = digests;
    digests.sort();
    for (index, digest) in digests {
        let earlier = *first.entry(digest).or_insert(index);
        if earlier != index {
            original.insert(index, earlier);
        }
    }
    for (&index, &earlier) in &original {
        let detail = format!("the same bytes as `{}`", leaves[earlier].source.name.path);
        diagnostics.push(Diagnostic::new(Code::SourceDuplicate, &leaves[index].source.name.path, None, detail));
    }
    leaves
        .into_iter()
        .enumerate()
        .filter(|(index, _)| !original.contains_key(index))
        .map(|(_, leaf)| leaf.source)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_one_name_are_told_apart_by_what_lies_above() {
        let names = own_names(vec![Path::new("/a/x/logs"), Path::new("/b/x/logs"), Path::new("/b/other")]);
        assert_eq!(names, ["a/x/logs", "b/x/logs", "other"]);
        assert_eq!(own_names(vec![Path::new("/a/logs"), Path::new("/a/logs/")]), ["logs", "logs"]);
        assert_eq!(own_names(vec![Path::new("/a/logs/.")]), ["logs"]);
    }
}
