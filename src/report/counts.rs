//! What is counted over the whole window: attempts, and the failures of each signature.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{AttemptsSection, SignatureSection};
use super::input::Input;
use super::wording;
use crate::frame::Outcome;
use crate::model::Name;

/// All attempts whose end a log covers.
pub(super) fn attempts(input: &Input<'_>) -> AttemptsSection {
    let seen = || input.tables.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Unseen);
    let failed = || seen().filter(|attempt| attempt.is_service_failure());
    let users = |all: BTreeSet<&Name>| all.len() as u64;
    AttemptsSection {
        n_attempts: seen().count() as u64,
        n_failures: failed().count() as u64,
        n_users: users(seen().map(|attempt| &attempt.user).collect()),
        n_users_failed: users(failed().map(|attempt| &attempt.user).collect()),
    }
}

/// Those that incidents, latent faults, failed attempts and chains of symptoms name.
pub(super) fn signatures(input: &Input<'_>) -> Vec<SignatureSection> {
    let attempts = input.tables.attempts.iter().filter_map(|attempt| attempt.signature.as_ref());
    let latent = input.judgement.latent.iter().map(|latent| &latent.signature);
    let named = input.judgement.incidents.iter().flat_map(|incident| &incident.signatures);
    let chained = input.symptom_chains.iter().flat_map(|chain| &chain.signatures);
    let mut n_failures: BTreeMap<&Name, u64> = BTreeMap::new();
    for attempt in input.tables.attempts.iter().filter(|attempt| attempt.is_service_failure()) {
        if let Some(signature) = &attempt.signature {
            *n_failures.entry(signature).or_default() += 1;
        }
    }
    let ids: BTreeSet<&Name> = attempts.chain(latent).chain(named).chain(chained).collect();
    ids.into_iter()
        .map(|id| {
            let text = input.signatures.get(id);
            SignatureSection {
                id: id.to_string(),
                title: wording::symptoms::name(input, id).to_owned(),
                meaning: text.map(|text| text.meaning.clone()).unwrap_or_default(),
                n_failures: n_failures.get(id).copied().unwrap_or(0),
            }
        })
        .collect()
}
