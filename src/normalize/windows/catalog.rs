//! The catalog of Windows signals: which event of which provider means what, and where its facts stand.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::PROVIDERS;
use super::changes::ChangeRule;
use super::condition::{self, Condition};
use super::place::{self, Place};
use crate::model::{Action, Severity};
use crate::read::{Selection, WindowsRecord};

/// How an entry is known to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sure {
    /// Counted in real event logs.
    Measured,
    /// From the provider's own manifest, as public dumps give it.
    Manifest,
    /// From a page of the vendor.
    Documented,
    /// From real samples or parsers in public projects.
    Sampled,
    /// General knowledge, not verified.
    Unverified,
}

/// One file of the catalog: the events of one provider.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    /// `Provider/@Name`, as reports spell it.
    provider: String,
    /// Other names of the same provider, in old logs or from other tools.
    #[serde(default)]
    aliases: Vec<String>,
    /// Channels whose spelling changed over the years; the first of each row is the one that reports use.
    #[serde(default)]
    channels: Vec<Vec<String>>,
    /// Addresses where the facts can be read.
    #[serde(default)]
    references: Vec<String>,
    #[serde(rename = "event")]
    events: Vec<Entry>,
}

/// What one event (or several alike) of a provider means.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Event ids; none means any that no other entry names.
    #[serde(default)]
    pub(crate) ids: Vec<u32>,
    pub(crate) action: Action,
    /// What it means, in plain words.
    pub(crate) means: String,
    /// How this is known.
    pub(crate) sure: Sure,
    /// Levels at which the entry applies; empty means any.
    #[serde(default)]
    pub(crate) levels: Vec<u8>,
    /// All of these must hold.
    #[serde(default, deserialize_with = "condition::from_table")]
    pub(crate) when: Vec<Condition>,
    /// None of these may hold.
    #[serde(default, deserialize_with = "condition::from_table")]
    pub(crate) unless: Vec<Condition>,
    /// Whether the event is of no interest without a person's account.
    #[serde(default)]
    pub(crate) needs_user: bool,
    /// Replaces the record's own level.
    #[serde(default, deserialize_with = "severity")]
    pub(crate) severity: Option<Severity>,
    /// The text in which `@text` places lie.
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) text: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) user: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) sid: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) session: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) logon: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) client: Vec<Place>,
    /// Zero is no error: the next place is asked.
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) error: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) duration_ms: Vec<Place>,
    #[serde(default, deserialize_with = "place::one_or_many")]
    pub(crate) duration_s: Vec<Place>,
    /// Name and version of a component that the record itself names.
    #[serde(default)]
    pub(crate) component: Option<(Place, Place)>,
    /// Further values worth keeping: `Reason`, or `reason=#0` to name an unnamed one.
    #[serde(default)]
    pub(crate) keep: Vec<Kept>,
    /// The rule that reads a change out of it.
    #[serde(default)]
    pub(crate) change: Option<ChangeRule>,
}

/// A value to keep, and its name.
#[derive(Debug, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) place: Place,
}

impl TryFrom<String> for Kept {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let (name, place) = written.split_once('=').unwrap_or((&written, &written));
        Ok(Self { name: name.to_owned(), place: Place::try_from(place.to_owned())? })
    }
}

fn severity<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Severity>, D::Error> {
    use serde::Deserialize as _;
    let word = String::deserialize(deserializer)?;
    Severity::from_word(&word).map(Some).ok_or_else(|| serde::de::Error::custom(format!("`{word}` is no severity")))
}

/// What is known of one provider.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    /// The name that reports use.
    pub(crate) name: String,
    /// Channels by lower-case spelling.
    pub(crate) channels: BTreeMap<String, String>,
    entries: Vec<Entry>,
    by_id: BTreeMap<u32, Vec<usize>>,
    any_id: Vec<usize>,
}

/// The catalog of Windows signals, built in.
#[derive(Debug, Default)]
pub struct Catalog {
    providers: Vec<Provider>,
    by_name: BTreeMap<String, usize>,
}

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
    // The files are part of the program, and a test loads them: a faulty one never leaves the workshop.
    Catalog::parse(PROVIDERS).expect("the built-in catalog is well formed")
});

impl Catalog {
    /// Returns the catalog that is built in; it is read once.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Reads the files of a catalog, given as name and text.
    fn parse(files: &[(&str, &str)]) -> Result<Self, String> {
        let mut catalog = Self::default();
        for (file, text) in files {
            let parsed: ProviderFile = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
            catalog.add(parsed).map_err(|detail| format!("{file}: {detail}"))?;
        }
        Ok(catalog)
    }

    fn add(&mut self, file: ProviderFile) -> Result<(), String> {
        if file.references.is_empty() && file.events.iter().any(|entry| entry.sure == Sure::Documented) {
            return Err("a documented event needs a reference".to_owned());
        }
        let mut provider = Provider { name: file.provider.clone(), ..Provider::default() };
        for spellings in file.channels {
            for spelling in &spellings {
                provider.channels.insert(spelling.to_lowercase(), spellings[0].clone());
            }
        }
        for (index, entry) in file.events.iter().enumerate() {
            if entry.ids.is_empty() {
                provider.any_id.push(index);
            }
            for id in &entry.ids {
                provider.by_id.entry(*id).or_default().push(index);
            }
        }
        provider.entries = file.events;
        let place = self.providers.len();
        for name in std::iter::once(&file.provider).chain(&file.aliases) {
            if self.by_name.insert(name.to_lowercase(), place).is_some() {
                return Err(format!("`{name}` is in the catalog twice"));
            }
        }
        self.providers.push(provider);
        Ok(())
    }

    /// Returns what is known of a provider, by any of its names.
    pub(crate) fn provider(&self, name: &str) -> Option<&Provider> {
        // Most logs spell a provider in one way; the lower-case copy is needed all the same.
        self.by_name.get(&name.to_lowercase()).and_then(|&place| self.providers.get(place))
    }

    /// Returns the events that the catalog understands, to be read while all others are only counted.
    pub fn selection(&self) -> Selection {
        let mut selection = Selection::none();
        for (name, &place) in &self.by_name {
            let Some(provider) = self.providers.get(place) else { continue };
            if provider.any_id.is_empty() {
                for &id in provider.by_id.keys() {
                    selection.add(name, id);
                }
            } else {
                selection.add_provider(name);
            }
        }
        selection
    }

    /// Returns the name of a provider that reports use, by any of its names.
    pub fn name_of(&self, provider: &str) -> Option<&str> {
        self.provider(provider).map(|known| known.name.as_str())
    }

    /// Returns what the catalog says of an event, in plain words; the first of its entries speaks.
    pub fn meaning(&self, provider: &str, event_id: u32) -> Option<&str> {
        self.provider(provider)?.entries(event_id & 0xFFFF).next().map(|entry| entry.means.as_str())
    }

    /// How many entries there are, over all providers.
    pub fn len(&self) -> usize {
        self.providers.iter().map(|provider| provider.entries.len()).sum()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Provider {
    /// Returns the entries that may apply to an id, the more particular ones first.
    pub(crate) fn entries(&self, event_id: u32) -> impl Iterator<Item = &Entry> {
        let particular = self.by_id.get(&event_id).map_or(&[][..], Vec::as_slice);
        particular.iter().chain(&self.any_id).filter_map(|&index| self.entries.get(index))
    }
}

impl Entry {
    /// Whether level and data of the record are those that this entry is about.
    pub(crate) fn applies(&self, record: &WindowsRecord, text: Option<&str>) -> bool {
        let level_fits = self.levels.is_empty() || record.level.is_some_and(|level| self.levels.contains(&level));
        level_fits && condition::all_fit(&self.when, record, text) && !condition::any_fits(&self.unless, record, text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_built_in_files_load_and_none_is_listed_twice() {
        let catalog = Catalog::parse(PROVIDERS).unwrap();
        assert!(catalog.len() > 100, "{}", catalog.len());
        let files: BTreeSet<_> = PROVIDERS.iter().map(|(file, _)| file).collect();
        assert_eq!(files.len(), PROVIDERS.len());
    }

    #[test]
    fn every_error_that_an_event_names_is_of_a_kind_that_has_words() {
        use crate::normalize::signature::Codes;
        for provider in &Catalog::embedded().providers {
            for entry in provider.entries.iter().filter(|entry| !entry.error.is_empty()) {
                for id in if entry.ids.is_empty() { &[0][..] } else { &entry.ids[..] } {
                    assert!(Codes::embedded().kind_of(&provider.name, *id).is_some(), "{} {id}", provider.name);
                }
            }
        }
    }

    #[test]
    fn every_failure_by_an_unambiguous_event_has_a_signature() {
        use crate::normalize::signature::Signatures;
        for provider in &Catalog::embedded().providers {
            for (id, indices) in &provider.by_id {
                let is_failure =
                    |index: &usize| matches!(provider.entries[*index].action, Action::Failure | Action::Symptom);
                let is_told = Signatures::embedded().iter().any(|one| one.is_about(&provider.name, *id));
                assert!(!indices.iter().any(is_failure) || is_told, "{} {id}", provider.name);
            }
        }
    }

    #[test]
    fn no_signature_is_surer_than_an_event_that_it_names() {
        use crate::normalize::signature::Signatures;
        let mut wrong = Vec::new();
        for signature in Signatures::embedded().iter() {
            for one in &signature.matches {
                let named = one.provider.iter().filter_map(|name| Catalog::embedded().provider(name));
                for (provider, id) in named.flat_map(|provider| one.ids.iter().map(move |id| (provider, *id))) {
                    let failures = provider
                        .entries(id)
                        .filter(|entry| matches!(entry.action, Action::Failure | Action::Symptom))
                        .map(|entry| entry.sure);
                    if failures.min().is_some_and(|sure| signature.sure < sure) {
                        wrong.push(format!("{}: {} {id}", signature.id, provider.name));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn no_two_entries_of_a_provider_claim_the_same_events() {
        for provider in &Catalog::embedded().providers {
            for (&id, indices) in &provider.by_id {
                let unconditional = indices
                    .iter()
                    .map(|&index| &provider.entries[index])
                    .enumerate()
                    .filter(|(_, entry)| entry.levels.is_empty() && entry.when.is_empty() && entry.unless.is_empty())
                    .map(|(place, _)| place)
                    .collect::<Vec<_>>();
                // An entry behind an unconditional one would never be reached.
                assert!(
                    unconditional.first().is_none_or(|&first| first + 1 == indices.len()),
                    "{} {id}",
                    provider.name
                );
            }
            for entry in &provider.entries {
                assert!(entry.means.ends_with('.') && entry.means.len() > 8, "{} {:?}", provider.name, entry.ids);
            }
        }
    }

    #[test]
    fn a_provider_is_known_by_all_its_names_in_any_case() {
        let catalog = Catalog::embedded();
        for name in ["Microsoft-Windows-SMBClient", "microsoft-windows-smbclient", "Microsoft-Windows-SmbClient"] {
            assert_eq!(catalog.provider(name).unwrap().name, "Microsoft-Windows-SMBClient");
        }
        assert!(catalog.provider("Nobody").is_none());
    }

    #[test]
    fn the_selection_wants_what_the_catalog_knows_and_nothing_else() {
        let selection = Catalog::embedded().selection();
        assert!(selection.wants("Microsoft-Windows-TerminalServices-LocalSessionManager", 21));
        assert!(selection.wants("MsiInstaller", 1033));
        assert!(selection.wants("Microsoft-FSLogix-Apps", 4711));
        assert!(!selection.wants("Microsoft-Windows-Security-Auditing", 4688));
        assert!(!selection.wants("Microsoft-Windows-PowerShell", 40961));
    }

    #[test]
    fn a_faulty_file_is_refused_with_its_name() {
        let wrong = Catalog::parse(&[(
            "x.toml",
            "provider = 'x'\n[[event]]\nids=[1]\naction='no-such'\nmeans='.'\nsure='measured'",
        )]);
        assert!(wrong.unwrap_err().starts_with("x.toml"));
    }
}
