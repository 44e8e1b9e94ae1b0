//! Finds the signature of a failure.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use regex::Regex;

use super::SIGNATURES;
use super::negation::affirmed;
use super::rule::{Example, Match, Signature};
use crate::model::{Fault, Name, Names, Position, Provenance, Severity, SourceId, Timestamp};
use crate::normalize::message::Telling;
use crate::normalize::windows::{Catalog, Place, all_fit};
use crate::read::{Datum, WindowsRecord};

/// A signature that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub id: Name,
    /// Whose fault it is.
    pub fault: Fault,
}

/// What is known of a Windows event that may be a failure.
#[derive(Clone, Copy, Debug)]
pub struct Clue<'r> {
    /// The provider, by the catalog's name.
    pub provider: &'r str,
    /// The event id without qualifiers.
    pub code: u32,
    /// The record, for its data.
    pub record: &'r WindowsRecord,
    /// The error code that the catalog found.
    pub error: Option<&'r str>,
    /// The text that the catalog found.
    pub text: Option<&'r str>,
}

/// Where a match stands: its signature and its number there.
type Spot = (usize, usize);

/// Reads one file: its name and the signature in it.
pub(super) fn parsed(file: &str, text: &str) -> Result<(String, Signature), String> {
    let signature = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
    Ok((file.to_owned(), signature))
}

/// The catalog of failure signatures, in the order in which they are tried.
#[derive(Debug)]
pub struct Signatures {
    known: Vec<Signature>,
    hits: Vec<Hit>,
    by_id: BTreeMap<String, usize>,
    by_provider: BTreeMap<String, Vec<Spot>>,
    textual: Vec<Spot>,
    /// Those that ask for data.
    asking: Vec<Spot>,
    /// Any of the words without which no signature takes a text.
    prefilter: Regex,
    /// What of a text the rules look at; made when it is first asked for.
    telling: OnceLock<Telling>,
}

static EMBEDDED: LazyLock<Signatures> = LazyLock::new(|| {
    // The files are part of the program, and a test loads them: a faulty one never leaves the workshop.
    let files = SIGNATURES.iter().map(|(file, text)| parsed(file, text)).collect::<Result<Vec<_>, _>>();
    files.and_then(Signatures::new).expect("the built-in signatures are well formed")
});

impl Signatures {
    /// Returns the signatures that are built in; they are read once.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Puts signatures in order; each comes with the name of its file. Earlier ones win.
    pub(super) fn new(files: Vec<(String, Signature)>) -> Result<Self, String> {
        let mut known = Vec::with_capacity(files.len());
        let mut by_id = BTreeMap::new();
        let mut by_provider = BTreeMap::<String, Vec<Spot>>::new();
        let (mut textual, mut asking) = (Vec::new(), Vec::new());
        let mut words = Vec::new();
        for (file, signature) in files {
            if by_id.insert(signature.id.clone(), known.len()).is_some() {
                return Err(format!("{file}: `{}` is there twice", signature.id));
            }
            for (number, one) in signature.matches.iter().enumerate() {
                for provider in &one.provider {
                    by_provider.entry(provider.to_lowercase()).or_default().push((known.len(), number));
                }
                if !one.data.is_empty() {
                    asking.push((known.len(), number));
                }
                if one.is_textual() {
                    if one.contains.is_empty() {
                        return Err(format!("{file}: a match of texts needs words in `contains`"));
                    }
                    textual.push((known.len(), number));
                    words.extend(one.contains.iter().map(|word| regex::escape(word)));
                }
            }
            known.push(signature);
        }
        let prefilter = Regex::new(&words.join("|")).map_err(|error| error.to_string())?;
        let hits =
            known.iter().map(|one: &Signature| Hit { id: Arc::from(one.id.as_str()), fault: one.fault }).collect();
        Ok(Self { known, hits, by_id, by_provider, textual, asking, prefilter, telling: OnceLock::new() })
    }

    /// Returns the signature of that id.
    pub fn get(&self, id: &str) -> Option<&Signature> {
        self.by_id.get(id).and_then(|&place| self.known.get(place))
    }

    /// Returns all signatures in the order in which they are tried.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Signature> {
        self.known.iter()
    }

    /// Returns the places in the events of that provider and id at whose values signatures look.
    pub(crate) fn asked(&self, provider: &str, code: u32) -> impl Iterator<Item = &Place> {
        let asking = self.asking.iter().filter_map(|&spot| self.at(spot));
        asking.filter(move |one| one.is_about(provider, code)).flat_map(|one| one.data.iter().map(|(place, _)| place))
    }

    /// Returns the words and expressions by which texts are told.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        let matches = self.textual.iter().filter_map(|&spot| self.at(spot));
        matches.flat_map(|one| {
            let words = one.contains.iter().chain(&one.lacks).map(String::as_str);
            words.chain(one.regex.as_ref().map(Regex::as_str))
        })
    }

    /// What of a text the rules look at.
    pub(crate) fn telling(&self) -> &Telling {
        self.telling.get_or_init(|| Telling::in_rules(self.rules()))
    }

    /// Returns the signature that the whole way from record or line to event finds for an example.
    pub fn of_example(&self, example: &Example) -> Option<String> {
        let Some(provider) = &example.provider else {
            let dataset = example.dataset.as_deref().unwrap_or("app");
            let severity = example.severity.unwrap_or(Severity::Error);
            let message = example.message.as_deref().unwrap_or_default();
            return self.classify_text(dataset, severity, message).map(|hit| hit.id.to_string());
        };
        let named = example.data.iter().map(|(name, value)| (Some(name.as_str().into()), value));
        let data = named.chain(example.values.iter().map(|value| (None, value)));
        let record = WindowsRecord {
            provider: Some(provider.as_str().into()),
            event_id: example.id,
            level: Some(example.level.unwrap_or(2)),
            time: Some(Timestamp(0)),
            computer: Some("ts01.corp.example".into()),
            data: data.map(|(name, value)| Datum { name, value: Some(value.as_str().into()) }).collect(),
            ..WindowsRecord::default()
        };
        let provenance = Provenance { source: SourceId(0), position: Position::Record(1) };
        let understood = Catalog::embedded().understand_by(self, &record, provenance, &mut Names::new());
        understood.event?.signature.map(|id| id.to_string())
    }

    /// Says what is wrong with a signature's examples: one that it leaves, a counter-example that it takes.
    pub(super) fn faults_of_examples(&self, signature: &Signature) -> Vec<String> {
        let mut wrong = Vec::new();
        for (number, example) in (1..).zip(&signature.examples) {
            let found = self.of_example(example);
            if found.as_deref() != Some(signature.id.as_str()) {
                let found = found.map_or_else(|| "none".to_owned(), |id| format!("`{id}`"));
                wrong.push(format!("`{}` leaves its example {number}: {found} takes it", signature.id));
            }
        }
        for (number, example) in (1..).zip(&signature.counter_examples) {
            if self.of_example(example).as_deref() == Some(signature.id.as_str()) {
                wrong.push(format!("`{}` takes its counter-example {number}", signature.id));
            }
        }
        wrong
    }

    /// The signatures that are about a provider's events, with the matches that are, in their order.
    pub(super) fn about_provider(&self, provider: &str) -> impl Iterator<Item = (&Signature, &Match)> {
        let spots = self.by_provider.get(&provider.to_lowercase()).map_or(&[][..], Vec::as_slice);
        spots.iter().filter_map(|&spot| Some((self.known.get(spot.0)?, self.at(spot)?)))
    }

    /// The signatures that are about texts, with the matches that are, in their order.
    pub(super) fn about_texts(&self) -> impl Iterator<Item = (&Signature, &Match)> {
        self.textual.iter().filter_map(|&spot| Some((self.known.get(spot.0)?, self.at(spot)?)))
    }

    /// Returns the first signature that fits a Windows event; `None` if none does.
    pub fn classify_windows(&self, clue: &Clue<'_>) -> Option<Hit> {
        let spots = self.by_provider.get(&clue.provider.to_lowercase())?;
        let mut lower: Option<String> = None;
        let found = spots.iter().find(|&&spot| {
            self.at(spot).is_some_and(|one| {
                one.is_about(clue.provider, clue.code)
                    && one.takes_error(clue.error)
                    && all_fit(&one.data, clue.record, clue.text)
                    && one.takes_words(lower.get_or_insert_with(|| clue.text.unwrap_or_default().to_lowercase()))
            })
        });
        found.and_then(|&(signature, _)| self.hits.get(signature).cloned())
    }

    /// Returns the first signature that fits the message of a text log; `None` if none does.
    ///
    /// `dataset` is the kind of log, `severity` the message's own level: words of failures count from
    /// warnings on, only unmistakable ones below. What a message denies (`0 errors`) does not count.
    pub fn classify_text(&self, dataset: &str, severity: Severity, message: &str) -> Option<Hit> {
        let text = affirmed(message, severity)?;
        if !self.prefilter.is_match(&text) {
            return None;
        }
        let found = self.textual.iter().find(|&&spot| {
            self.at(spot).is_some_and(|one| {
                one.is_about_text(dataset)
                    && severity >= one.severity.unwrap_or(Severity::Warn)
                    && one.takes_words(&text)
            })
        });
        found.and_then(|&(signature, _)| self.hits.get(signature).cloned())
    }

    fn at(&self, (signature, number): Spot) -> Option<&Match> {
        self.known.get(signature)?.matches.get(number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_signature_takes_its_examples_and_leaves_the_others() {
        let mut wrong = Vec::new();
        for signature in Signatures::embedded().iter() {
            assert!(!signature.examples.is_empty(), "{} has no example", signature.id);
            assert!(!signature.counter_examples.is_empty(), "{} has no counter-example", signature.id);
            wrong.extend(Signatures::embedded().faults_of_examples(signature));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_files_are_named_after_their_signatures_and_say_where_they_come_from() {
        let parsed = Signatures::embedded();
        assert!(parsed.iter().len() >= 120, "{}", parsed.iter().len());
        let titles: BTreeSet<_> = parsed.iter().map(|one| &one.title).collect();
        assert_eq!(titles.len(), parsed.iter().len());
        for ((file, _), one) in SIGNATURES.iter().zip(parsed.iter()) {
            assert_eq!(*file, format!("{}.toml", one.id));
            assert!(!one.references.is_empty() && !one.matches.is_empty(), "{file}");
            assert!(one.meaning.ends_with('.') && !one.title.ends_with('.'), "{file}");
            for reference in &one.references {
                assert!(reference == "unverified" || reference.starts_with("https://"), "{file}: {reference}");
            }
        }
    }

    #[test]
    fn words_are_written_in_lower_case_and_providers_are_those_of_the_catalog() {
        for one in Signatures::embedded().iter() {
            for each in &one.matches {
                for words in each.contains.iter().chain(&each.lacks) {
                    assert_eq!(*words, words.to_lowercase(), "{}", one.id);
                }
                for provider in &each.provider {
                    assert!(
                        Catalog::embedded().meaning(provider, each.ids.first().copied().unwrap_or(1)).is_some(),
                        "{}: {provider}",
                        one.id
                    );
                    for &id in &each.ids {
                        assert!(Catalog::embedded().meaning(provider, id).is_some(), "{}: {provider} {id}", one.id);
                    }
                }
            }
        }
    }

    #[test]
    fn no_signature_hides_one_behind_it() {
        let all = Signatures::embedded();
        for (provider, spots) in &all.by_provider {
            for (place, &later) in spots.iter().enumerate() {
                let behind = all.at(later).unwrap();
                for &sooner in spots[..place].iter().filter(|sooner| sooner.0 != later.0) {
                    let before = all.at(sooner).unwrap();
                    let share_id = behind.ids.is_empty()
                        || before.ids.is_empty()
                        || behind.ids.iter().any(|id| before.ids.contains(id));
                    let takes_errors = before.error.is_empty()
                        || (!behind.error.is_empty()
                            && behind.error.iter().all(|error| before.takes_error(Some(error))));
                    let takes_data = before.data.is_empty();
                    let takes_words = before.contains.is_empty() && before.regex.is_none();
                    assert!(
                        !(share_id && takes_errors && takes_data && takes_words),
                        "{provider}: `{}` hides `{}`",
                        all.known[sooner.0].id,
                        all.known[later.0].id
                    );
                }
            }
        }
    }

    #[test]
    fn every_code_of_a_signature_has_words() {
        let wordless: Vec<String> = Signatures::embedded()
            .iter()
            .flat_map(|one| one.codes().into_iter().map(move |(code, words)| (one, code, words)))
            .filter(|(_, _, words)| words.is_none())
            .map(|(one, code, _)| format!("{}: {code}", one.id))
            .collect();
        assert!(wordless.is_empty(), "{}", wordless.join("\n"));
    }

    #[test]
    fn numbers_stand_whole_in_expressions() {
        // A message is looked up with its numbers masked, but for those that stand in a rule.
        let parts = Regex::new(r"[0-9](?:\[|\(|\\d|\?|\*|\+)|(?:\]|\)|\\d)[0-9]").unwrap();
        for rule in Signatures::embedded().rules() {
            assert!(!parts.is_match(rule), "{rule}");
        }
    }

    #[test]
    fn a_healthy_message_has_no_signature() {
        for (severity, message) in [
            (Severity::Info, "Request GET /status 200 in 12 ms"),
            (Severity::Info, "Connection pool: 0 timeouts, 0 errors"),
            (Severity::Warn, "Failover to the second node completed"),
            (Severity::Warn, "Connection reset by peer, retry succeeded"),
            (Severity::Info, "timeout is set to 30 seconds"),
            (Severity::Warn, "Disk 81 % full"),
        ] {
            assert_eq!(Signatures::embedded().classify_text("app", severity, message), None, "{message}");
        }
    }

    #[test]
    fn a_text_match_without_words_is_refused() {
        let text = "id='x'\ntitle='x'\nmeaning='x.'\nphase='connect'\nfault='unclear'\nsure='unverified'\nreferences=['unverified']\n[[match]]\ndataset=['y']";
        let read = parsed("x.toml", text).unwrap();
        assert!(Signatures::new(vec![read]).unwrap_err().contains("contains"));
    }
}
