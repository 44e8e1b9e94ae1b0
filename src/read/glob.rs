//! Expands globs that no shell expanded: `*`, `?`, `[…]` in a part of a path, and `**` for any depth.
//!
//! The shells of Windows leave globs to the program. A path is taken apart by the rules of the
//! system, so drive letters and both separators work; braces and `%4` are letters like others, for
//! logs carry them in their names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// Folders below each other that `**` follows.
const DEPTH_MAX: usize = 64;

/// What a glob came to.
pub(super) struct Expansion {
    /// The folder above the first part with a wildcard; empty if the glob begins with one.
    pub(super) base: PathBuf,
    /// Files and folders that fit, by name.
    pub(super) matches: BTreeSet<PathBuf>,
}

/// Expands a glob; `None` if the path has no wildcard.
pub(super) fn expand(path: &Path) -> Option<Expansion> {
    let parts: Vec<Component<'_>> = path.components().collect();
    let first = parts.iter().position(|part| has_wildcard(*part))?;
    let base: PathBuf = parts[..first].iter().collect();
    let patterns: Option<Vec<Part>> = parts[first..].iter().map(|part| Part::of(*part)).collect();
    let mut matches = BTreeSet::new();
    if let Some(patterns) = patterns {
        descend(&base, &patterns, 0, &mut matches);
    }
    Some(Expansion { base, matches })
}

fn has_wildcard(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(name) if name.to_string_lossy().contains(['*', '?', '[']))
}

/// One part of a glob.
enum Part {
    Exact(PathBuf),
    Names(GlobMatcher),
    AnyDepth,
}

impl Part {
    /// `None` if it is no well-formed pattern.
    fn of(part: Component<'_>) -> Option<Self> {
        if !has_wildcard(part) {
            return Some(Self::Exact(PathBuf::from(part.as_os_str())));
        }
        let pattern = part.as_os_str().to_string_lossy();
        if pattern == "**" {
            return Some(Self::AnyDepth);
        }
        let glob = GlobBuilder::new(&without_braces(&pattern)).case_insensitive(cfg!(windows)).build();
        glob.ok().map(|glob| Self::Names(glob.compile_matcher()))
    }
}

/// Puts braces into classes of their own, where they mean themselves.
fn without_braces(pattern: &str) -> String {
    let mut in_class = false;
    let mut escaped = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        match c {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        if matches!(c, '{' | '}') && !in_class {
            escaped.extend(['[', c, ']']);
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn descend(folder: &Path, parts: &[Part], depth: usize, matches: &mut BTreeSet<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else {
        if !folder.as_os_str().is_empty() && folder.exists() {
            matches.insert(folder.to_owned());
        }
        return;
    };
    match part {
        Part::Exact(name) => descend(&folder.join(name), rest, depth, matches),
        Part::Names(matcher) => {
            for entry in entries(folder).filter(|entry| matcher.is_match(Path::new(&entry.file_name()))) {
                descend(&folder.join(entry.file_name()), rest, depth, matches);
            }
        }
        Part::AnyDepth => {
            descend(folder, rest, depth, matches);
            let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
            for entry in entries(folder).filter(is_folder).take_while(|_| depth < DEPTH_MAX) {
                descend(&folder.join(entry.file_name()), parts, depth + 1, matches);
            }
        }
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> + use<> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_in_parts_and_at_any_depth() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a/System.evtx", "b/System.evtx", "b/x%4Op.evtx", "b/c/d/x{1}.log", "top.log"] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let expansion = expand(&dir.path().join(pattern)).unwrap();
            assert_eq!(expansion.base, dir.path());
            let inside = |path: &PathBuf| path.strip_prefix(dir.path()).unwrap().to_string_lossy().replace('\\', "/");
            expansion.matches.iter().map(inside).collect()
        };
        assert_eq!(found("*/System.evtx"), ["a/System.evtx", "b/System.evtx"]);
        assert_eq!(found("[ab]/*%4*"), ["b/x%4Op.evtx"]);
        assert_eq!(found("**/*.log"), ["b/c/d/x{1}.log", "top.log"]);
        assert_eq!(found("**/x{?}.log"), ["b/c/d/x{1}.log"]);
        assert_eq!(found("?op.log"), ["top.log"]);
        assert!(found("nothing*").is_empty());
        assert!(found("[").is_empty());
        assert!(expand(Path::new("plain/path.log")).is_none());
    }
}
