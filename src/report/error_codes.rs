//! The error codes of an incident's failures, the commonest first, each with its plain words.

use std::collections::BTreeMap;

use super::input::Input;
use crate::judge::Incident;
use crate::model::Name;
use crate::normalize::signature::Codes;

/// More codes than these are rare ones.
const MOST: usize = 12;

/// How often one code stands in the failures of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode<'a> {
    /// The code, as the records have it.
    pub code: &'a Name,
    /// The signature of the failures.
    pub signature: &'a Name,
    /// How many failed attempts have it.
    pub n: usize,
    /// The kind of code, such as `ntstatus`; `None` where it is not known.
    pub kind: Option<&'static str>,
    /// What it means, for use within a sentence; `None` where no table has it.
    pub words: Option<&'static str>,
}

/// Counts the codes of the failed attempts that belong to an incident.
pub fn error_codes<'a>(input: &Input<'a>, incident: &Incident) -> Vec<ErrorCode<'a>> {
    let mut counts: BTreeMap<(&Name, &Name), usize> = BTreeMap::new();
    let attempts = incident.attempts.iter().filter_map(|id| input.tables.attempts.get(*id as usize));
    for attempt in attempts {
        if let (Some(code), Some(signature)) = (&attempt.error_code, &attempt.signature) {
            *counts.entry((code, signature)).or_default() += 1;
        }
    }
    let mut codes: Vec<ErrorCode<'a>> = counts
        .into_iter()
        .map(|((code, signature), n)| {
            let kinds = input.signatures.get(signature).map_or(&[][..], |text| &text.code_kinds);
            let found = Codes::embedded().of_kinds(kinds, code);
            ErrorCode { code, signature, n, kind: found.map(|one| one.kind), words: found.map(|one| one.words) }
        })
        .collect();
    // Stable, so equal counts stay in the order of code and signature.
    codes.sort_by_key(|one| std::cmp::Reverse(one.n));
    codes.truncate(MOST);
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_commonest_codes_come_first_with_their_words() {
        let mut case = fixture::one_day();
        let own: Vec<u32> = case.judgement.incidents[0].attempts.clone();
        for (place, id) in own.iter().enumerate() {
            let code = if place % 3 == 0 { "0xC000006D" } else { "0xC000005E" };
            case.tables.attempts[*id as usize].error_code = Some(Name::from(code));
        }
        let input = case.input();
        let codes = error_codes(&input, &case.judgement.incidents[0]);
        assert_eq!(codes.iter().map(|one| one.n).sum::<usize>(), own.len());
        assert_eq!((&**codes[0].code, codes[0].kind), ("0xC000005E", Some("ntstatus")));
        assert!(codes[0].words.unwrap().contains("logon server"), "{codes:?}");
        assert!(codes.len() == 2 && codes[0].n > codes[1].n);
    }
}
