//! What a sentence about a change says: `Deploy Shop Portal release 22.8.1 to RDS01, RDS02`.
//!
//! Deployment systems and people put into a title or annotation what a list puts into columns.

use super::{Entry, kind_of};

/// A title has fewer words.
const MAX_WORDS: usize = 40;

/// Fills an entry with what a sentence says; says whether it tells of a change.
pub fn add_phrase(entry: &mut Entry, text: &str) -> bool {
    let text = text.lines().next().unwrap_or("");
    let words: Vec<&str> = text.split_whitespace().take(MAX_WORDS).collect();
    let Some(kind) = kind_of(text) else { return false };
    let is_place = |at: usize| {
        at > 0
            && matches!(words[at].to_lowercase().as_str(), "to" | "on" | "auf" | "sur" | "at" | "in")
            && words.get(at + 1).is_some_and(|next| version_in(next).is_none())
    };
    let place_at = (0..words.len()).rev().find(|at| is_place(*at)).unwrap_or(words.len());
    let said = &words[..place_at];
    let version_at = said.iter().position(|word| version_in(word).is_some()).unwrap_or(said.len());
    let mut component = &said[..version_at];
    while component.first().is_some_and(|word| is_verb(word)) {
        component = &component[1..];
    }
    while component.last().is_some_and(|word| is_verb(word)) {
        component = &component[..component.len() - 1];
    }
    let component = component.join(" ");
    let component = component.trim_matches([':', ',', '-', '"', '\'', '(', '[', ' ']);
    entry.add("kind", kind.word());
    entry.add("component", component);
    if let Some(version) = said.iter().rev().find_map(|word| version_in(word)) {
        entry.add("version", version);
    }
    let place = words.get(place_at + 1..).unwrap_or_default().join(" ");
    let place = place.trim_end_matches(['.', ')', ']']);
    let names_hosts = place.chars().any(|c| c.is_ascii_digit()) || place.to_lowercase().starts_with("all");
    entry.add(if names_hosts { "hosts" } else { "environment" }, place);
    true
}

/// Words that say what was done, or lead to a name or version, and are no part of a name.
fn is_verb(word: &str) -> bool {
    let lower = word.trim_matches([':', ',', '(', '[', ']', '-']).to_lowercase();
    lower.is_empty()
        || [
            "deploy",
            "releas",
            "updat",
            "upgrad",
            "install",
            "uninstall",
            "roll",
            "revert",
            "hotfix",
            "patch",
            "chore",
            "bump",
            "aktualis",
            "publish",
            "downgrad",
            "remov",
        ]
        .iter()
        .any(|stem| lower.starts_with(stem))
        || matches!(
            lower.as_str(),
            "to" | "from"
                | "version"
                | "v"
                | "of"
                | "the"
                | "back"
                | "new"
                | "auf"
                | "von"
                | "vers"
                | "de"
                | "tag"
                | "build"
        )
}

/// `22.8.1`, `v2.9-rc1`, `KB5016616`: the version that a word is, without the marks around it.
pub fn version_in(word: &str) -> Option<&str> {
    let word = word.trim_matches([',', ';', ':', '.', '(', ')', '[', ']', '"', '\'', '`']);
    let bare = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let is_number = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.contains('.')
        && bare.split('.').take(2).all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        && bare.len() <= 40
        && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'));
    let of_update = word.len() > 5
        && word.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("kb"))
        && word[2..].bytes().all(|b| b.is_ascii_digit());
    (is_number || of_update).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::change_list::Column;

    #[test]
    fn sentences_tell_component_version_and_place() {
        for (text, wanted) in [
            ("Deploy Shop Portal release 22.8.1 to Production", "Shop Portal|22.8.1|-|Production"),
            ("Deployed Shop Portal v22.8.1 to RDS01, RDS02", "Shop Portal|v22.8.1|RDS01, RDS02|-"),
            ("Update Profile Agent from 2.9.1 to 2.9.2 on RDS01-RDS08.", "Profile Agent|2.9.2|RDS01-RDS08|-"),
            ("Rolled back Shop to 22.7 on all session hosts", "Shop|22.7|all session hosts|-"),
            ("chore: release 4.1.0", "-|4.1.0|-|-"),
            ("Installed KB5016616", "-|KB5016616|-|-"),
        ] {
            let mut entry = Entry::default();
            assert!(add_phrase(&mut entry, text), "{text}");
            let of = |column| entry.get(column).unwrap_or("-").to_owned();
            let got = [Column::Component, Column::Version, Column::Hosts, Column::Environment].map(of).join("|");
            assert_eq!(got, wanted, "{text}");
        }
        assert!(!add_phrase(&mut Entry::default(), "Logon storm, many users waited"));
    }

    proptest::proptest! {
        #[test]
        fn any_sentence_is_survived(text in "\\PC{0,80}") {
            add_phrase(&mut Entry::default(), &text);
        }
    }
}
