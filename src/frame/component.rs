//! When two names mean one component and two numbers one version.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Words that say how a product was built and not which product it is.
const BUILD_WORDS: &[&str] =
    &["x64", "x86", "64", "32", "bit", "amd64", "en", "us", "r", "tm", "msi", "setup", "installer"];

/// A component's name, reduced to what distinguishes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The number of a Windows update, `kb5016623`.
    kb: Option<String>,
    /// The words of the name, in their order.
    words: Vec<String>,
}

impl Key {
    /// Reads a component's name; the version, if it stands in the name, too, is no part of it.
    ///
    /// Case, punctuation, the platform and the vendor `Microsoft` make no difference, and a knowledge-base number
    /// in name or version says everything.
    pub(super) fn new(component: &str, version: Option<&str>) -> Self {
        let lower = component.to_lowercase();
        let lower = match version {
            Some(version) if version.len() > 2 => lower.replace(&version.to_lowercase(), " "),
            _ => lower,
        };
        let all: Vec<String> = split(&lower).collect();
        let kb = all
            .iter()
            .cloned()
            .chain(version.into_iter().flat_map(|version| split(&version.to_lowercase()).collect::<Vec<_>>()));
        let kb = kb.into_iter().find(|word| is_kb(word));
        let words: Vec<String> = all
            .iter()
            .enumerate()
            .filter(|(index, word)| !BUILD_WORDS.contains(&word.as_str()) && (*index > 0 || *word != "microsoft"))
            .map(|(_, word)| word.clone())
            .collect();
        Self { kb, words: if words.is_empty() { all } else { words } }
    }

    /// Whether both name the same component.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.kb, &other.kb) {
            (Some(one), Some(two)) => one == two,
            _ => self.words == other.words,
        }
    }

    /// Whether one name is the other one shortened: `Kontora` for `Kontora Accounting`. Only an equal version
    /// beside it makes that the same component.
    pub(super) fn is_short_for(&self, other: &Self) -> bool {
        if self.is(other) {
            return true;
        }
        let one: BTreeSet<&String> = self.words.iter().collect();
        let two: BTreeSet<&String> = other.words.iter().collect();
        !one.is_empty() && !two.is_empty() && (one.is_subset(&two) || two.is_subset(&one))
    }

    /// Whether it is an update of Windows, known by its number.
    pub(super) fn is_windows_update(&self) -> bool {
        self.kb.is_some()
    }

    /// Whether a service of this name runs the component: it has the same name, or a longer or a shorter one with
    /// two words or more in common (`FSLogix Apps Services`). One word (`Windows`) may be anything's.
    pub(super) fn runs(&self, component: &Self) -> bool {
        let n_common = self.words.len().min(component.words.len());
        component.kb.is_none() && (self.is(component) || (n_common >= 2 && self.is_short_for(component)))
    }

    /// One text for each component, to group by.
    pub(super) fn text(&self) -> String {
        self.kb.clone().unwrap_or_else(|| self.words.join("-"))
    }
}

fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned)
}

fn is_kb(word: &str) -> bool {
    word.strip_prefix("kb").is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A version without its decoration: `v3.12.0` and `3.12` are one.
pub(super) fn version_key(version: &str) -> String {
    let lower = version.trim().to_lowercase();
    let bare = lower.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(&lower);
    let mut parts: Vec<&str> = bare.split('.').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte == b'0'))
    {
        parts.pop();
    }
    parts.join(".")
}

/// Compares two versions number by number; `None` unless both are made of numbers.
pub(super) fn compare_versions(one: &str, other: &str) -> Option<Ordering> {
    let numbers =
        |text: &str| -> Option<Vec<u64>> { version_key(text).split('.').map(|part| part.parse().ok()).collect() };
    Some(numbers(one)?.cmp(&numbers(other)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_component_are_equal() {
        let key = |name: &str| Key::new(name, None);
        assert!(key("Microsoft FSLogix Apps").is(&key("fslogix-apps")));
        assert!(key("Zabbix Agent 2 (64-bit)").is(&key("zabbix-agent-2--64-bit")));
        assert!(!key("Numera Payroll").is(&key("Numera Login Service")));
        let update = "2021-11 Cumulative Update for Windows Server 2022 (KB5016623)";
        assert!(key(update).is(&Key::new("Windows update", Some("KB5016623"))));
    }

    #[test]
    fn a_short_name_needs_more_than_its_own_words() {
        let key = |name: &str| Key::new(name, None);
        assert!(key("Kontora").is_short_for(&key("Kontora Accounting")));
        assert!(!key("Kontora Payroll").is_short_for(&key("Kontora Accounting")));
    }

    #[test]
    fn a_service_is_known_by_the_name_of_what_it_runs() {
        let runs = |service: &str, component: &str| Key::new(service, None).runs(&Key::new(component, None));
        assert!(runs("FSLogix Apps Services", "Microsoft FSLogix Apps"));
        assert!(runs("Payroll", "Payroll"));
        assert!(!runs("Windows Update", "2021-11 Cumulative Update for Windows Server (KB5016623)"));
        assert!(!runs("Payroll", "Payroll Reports"));
    }

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version_key("v3.12.0"), version_key("3.12"));
        assert_eq!(compare_versions("2.9.8361.1", "2.9.8228.50276"), Some(Ordering::Greater));
        assert_eq!(compare_versions("r43", "r42"), None);
    }
}
