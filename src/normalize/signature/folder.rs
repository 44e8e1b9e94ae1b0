//! The signatures that a user adds: a folder of files like the built-in ones.

use std::fs;
use std::path::Path;

use super::SIGNATURES;
use super::classify::{Signatures, parsed};
use super::rule::Signature;
use crate::error::Error;
use crate::normalize::windows::Catalog;

/// A file of a signature is some kilobytes; a larger one is something else.
const MOST_BYTES: u64 = 1 << 20;
/// More files than anybody writes by hand.
const MOST_FILES: usize = 10_000;

impl Signatures {
    /// Returns the built-in signatures together with those of a folder, and the ids that the folder replaces.
    ///
    /// The folder's are tried first, in the order of their file names; one whose id is built in replaces that one.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with path, line and cause if the folder or a file cannot be read, or a file does not hold a signature, names events that are not read, or does not hold to its own examples.
    pub fn with_folder(folder: &Path) -> Result<(Self, Vec<String>), Error> {
        let own = read_folder(folder)?;
        let wrong = |detail: String| Error::Setting { what: format!("--signatures {}", folder.display()), detail };
        let mut replaced = Vec::new();
        let mut files = own;
        let n_own = files.len();
        for (file, text) in SIGNATURES {
            let built_in = parsed(file, text).map_err(wrong)?;
            if files[..n_own].iter().any(|(_, signature)| signature.id == built_in.1.id) {
                replaced.push(built_in.1.id);
            } else {
                files.push(built_in);
            }
        }
        let names: Vec<String> = files[..n_own].iter().map(|(file, _)| file.clone()).collect();
        let all = Self::new(files).map_err(wrong)?;
        for (file, signature) in names.iter().zip(all.iter()) {
            if let Some(fault) = all.faults_of_examples(signature).first() {
                return Err(wrong(format!("{file}: {fault}")));
            }
        }
        Ok((all, replaced))
    }
}

fn read_folder(folder: &Path) -> Result<Vec<(String, Signature)>, Error> {
    let wrong = |detail: String| Error::Setting { what: "--signatures".to_owned(), detail };
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |source: std::io::Error| wrong(format!("{path}: {source}"))
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let n_bytes = fs::metadata(&path).map_err(unreadable(&path))?.len();
        if n_bytes > MOST_BYTES || files.len() >= MOST_FILES {
            return Err(wrong(format!("{}: too large, or too many files", path.display())));
        }
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        let name = path.display().to_string();
        let (name, signature) = parsed(&name, &text).map_err(wrong)?;
        check(&signature).map_err(|fault| wrong(format!("{name}: {fault}")))?;
        files.push((name, signature));
    }
    Ok(files)
}

/// Says what would keep a signature from ever being found.
fn check(signature: &Signature) -> Result<(), String> {
    let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if signature.id.is_empty() || signature.id.len() > 64 || !signature.id.chars().all(is_id) {
        return Err(format!("`{}` is no id: lower-case letters, digits and hyphens, at most 64", signature.id));
    }
    if signature.matches.is_empty() || signature.examples.is_empty() || signature.counter_examples.is_empty() {
        return Err("it needs at least one [[match]], one [[example]] and one [[counter_example]]".to_owned());
    }
    for one in &signature.matches {
        if let Some(words) = one.contains.iter().chain(&one.lacks).find(|words| **words != words.to_lowercase()) {
            return Err(format!("`{words}` must be in lower case"));
        }
        for provider in &one.provider {
            let ids = if one.ids.is_empty() { &[1][..] } else { &one.ids };
            let unknown = ids.iter().find(|id| Catalog::embedded().meaning(provider, **id).is_none());
            if let Some(id) = unknown.filter(|_| !one.ids.is_empty()) {
                return Err(format!("events {id} of `{provider}` are not read by this program"));
            }
            if Catalog::embedded().name_of(provider).is_none_or(|name| name != provider) {
                let known = Catalog::embedded().name_of(provider).unwrap_or("one of those that are read");
                return Err(format!("the provider `{provider}` is called {known}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    const GOOD: &str = r#"
id = "portal-down"
title = "Portal is down"
meaning = "The portal says that it is down."
phase = "application"
fault = "infrastructure"
sure = "unverified"
references = ["unverified"]
[[match]]
contains = ["portal is down"]
[[example]]
message = "The portal is down: connection refused"
[[counter_example]]
message = "portal is up"
"#;

    fn with(text: &str) -> Result<(Signatures, Vec<String>), Error> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("one.toml"), text).unwrap();
        Signatures::with_folder(folder.path())
    }

    #[test]
    fn a_signature_of_the_folder_goes_before_the_built_in_ones() {
        let (all, replaced) = with(GOOD).unwrap();
        let found = all.classify_text("app", Severity::Error, "The portal is down: connection refused").unwrap();
        assert_eq!(&*found.id, "portal-down");
        let found = all.classify_text("app", Severity::Error, "connection refused").unwrap();
        assert_eq!(&*found.id, "connection-refused");
        assert!(replaced.is_empty());
        assert_eq!(all.iter().len(), Signatures::embedded().iter().len() + 1);
    }

    #[test]
    fn one_with_a_built_in_id_replaces_that_one() {
        let (all, replaced) = with(&GOOD.replace("portal-down", "connection-refused")).unwrap();
        assert_eq!(replaced, ["connection-refused"]);
        assert_eq!(all.iter().len(), Signatures::embedded().iter().len());
        assert_eq!(all.classify_text("app", Severity::Error, "connection refused"), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        for (text, said) in [
            (GOOD.replace("fault =", "blame ="), "line 6"),
            (GOOD.replace("sure = \"unverified\"\n", ""), "sure"),
            (GOOD.replace("portal is down\"]", "Portal\"]"), "lower case"),
            (GOOD.replace("portal is up", "portal is down"), "counter-example 1"),
            (
                GOOD.replace("The portal is down: connection", "The portal is off: connection"),
                "`connection-refused` takes it",
            ),
            (GOOD.replace("contains = [\"portal is down\"]", "provider = [\"Nobody\"]\nids = [1]"), "not read"),
            (GOOD.replace("id = \"portal-down\"", "id = \"Portal Down\""), "is no id"),
            (GOOD.replace("[[counter_example]]\nmessage = \"portal is up\"", ""), "at least one"),
        ] {
            let error = with(&text).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("one.toml"), "{said}: {error}");
        }
    }
}
