//! Failures, errors and warnings of applications that no rule knows take the template of their message as signature.
//!
//! In: what all sources came to. Out: the same events with [`Template::id`] as signature, and the words of each.
//!
//! It runs over all sources together, in their order, when hosts are known and copies are gone: messages of one
//! statement have one signature whichever file holds them. Only the commonest templates get one, so that their
//! number is bounded; the rest is counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::message::NO_CODE;
use super::source::{Kept, One};
use super::template::{GroupId, Miner, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Action, Event, Fault, Name, Severity};

/// The most templates that become signatures in one run.
const SIGNATURES_MAX: usize = 256;

/// Signs the events whose message no rule knows; returns the templates by their id.
pub(super) fn settle(ones: &mut [One]) -> BTreeMap<Name, Template> {
    let mut miner = Miner::new();
    let mut groups: Vec<GroupId> = Vec::new();
    for event in ones.iter_mut().flat_map(|one| &mut one.kept).filter_map(unknown) {
        groups.push(miner.add(&told(event)));
    }
    if groups.is_empty() {
        return BTreeMap::new();
    }
    let settled = miner.settle();
    let mut order: Vec<usize> =
        (0..settled.templates.len()).filter(|&at| settled.templates[at].says_something()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&settled.templates[a], &settled.templates[b]);
        b.n_messages.cmp(&a.n_messages).then_with(|| a.text.cmp(&b.text))
    });
    order.truncate(SIGNATURES_MAX);
    let mut ids: Vec<Option<Name>> = vec![None; settled.templates.len()];
    for index in order {
        ids[index] = Some(settled.templates[index].id().into());
    }

    let mut groups = groups.into_iter();
    for one in ones {
        let mut n_unnamed = 0;
        for event in one.kept.iter_mut().filter_map(unknown) {
            let id = groups.next().and_then(|group| ids[settled.template_of(group)].clone());
            let Some(id) = id else {
                n_unnamed += 1;
                continue;
            };
            event.signature = Some(id);
            event.fault = event.fault.or(Some(Fault::Unclear));
            if event.action == Action::Other {
                event.action = Action::Symptom;
            }
        }
        if n_unnamed > 0 {
            let detail = "errors and warnings whose messages are too various to be told apart by templates";
            let mut diagnostic = Diagnostic::new(Code::MessagesTooVarious, &one.summary.path, None, detail);
            diagnostic.count = n_unnamed;
            one.diagnostics.push(diagnostic);
        }
    }
    let named = settled.templates.into_iter().zip(ids);
    named.filter_map(|(template, id)| Some((id?, template))).collect()
}

/// The event, if it is a failure, an error or a warning of an application that nothing but its message tells.
fn unknown(kept: &mut Kept) -> Option<&mut Event> {
    let Kept::Event(Some(event), _, _) = kept else { return None };
    let is_bad = match event.action {
        Action::Failure => true,
        Action::Symptom | Action::Other => event.severity >= Severity::Warn,
        _ => false,
    };
    let is_named = event.signature.as_deref().is_some_and(|id| !(id.starts_with("other-") && id.ends_with(NO_CODE)));
    (is_bad && !is_named && event.message.is_some() && &*event.dataset != "windows").then_some(event)
}

/// What the message says, without the names that the record is known to hold: those vary for sure.
fn told(event: &Event) -> Cow<'_, str> {
    let message = event.message.as_deref().unwrap_or_default();
    // Behind the message stands the head of the exception; what led to it, further down, may vary.
    let end = memchr::memchr_iter(b'\n', message.as_bytes()).nth(1).unwrap_or(message.len());
    let mut told = Cow::Borrowed(&message[..end]);
    for name in [&event.user, &event.host, &event.client].into_iter().flatten() {
        without(&mut told, name);
    }
    told
}

/// Writes a number, which the masks take for a variable, where `name` stands as a word.
fn without(text: &mut Cow<'_, str>, name: &str) {
    if name.is_empty() {
        return;
    }
    let is_apart = |byte: Option<&u8>| byte.is_none_or(|b| !b.is_ascii_alphanumeric() && *b < 0x80);
    let mut from = 0;
    while let Some(at) = find_ignoring_case(&text.as_bytes()[from..], name.as_bytes()).map(|at| from + at) {
        let (bytes, end) = (text.as_bytes(), at + name.len());
        from = end;
        if is_apart(at.checked_sub(1).and_then(|before| bytes.get(before))) && is_apart(bytes.get(end)) {
            text.to_mut().replace_range(at..end, "0");
            from = at + 1;
        }
    }
}

fn find_ignoring_case(text: &[u8], name: &[u8]) -> Option<usize> {
    text.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::normalize::{Normalized, Options, normalize};
    use crate::read::Source;

    fn run(files: &[(&str, String)]) -> Normalized {
        let sources: Vec<Source> = files
            .iter()
            .zip(0..)
            .map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes()))
            .collect();
        normalize(&sources, &Options::default(), &|_| ())
    }

    fn log(messages: &[(&str, &str)]) -> String {
        let lines = messages.iter().zip(10..);
        let lines: Vec<_> = lines
            .map(|((level, text), s)| format!("2022-08-22 08:15:{s},000 [7] {level} Shop.Desk - {text}"))
            .collect();
        lines.join("\n")
    }

    fn signatures(normalized: &Normalized) -> Vec<(Action, String)> {
        let text = |event: &Event| {
            let id = event.signature.clone()?;
            Some((event.action, normalized.templates.get(&id).map_or(id.to_string(), |one| one.text.clone())))
        };
        normalized.events.iter().filter_map(text).collect()
    }

    #[test]
    fn what_no_rule_knows_is_named_by_its_template_across_files() {
        let a = log(&[
            ("INFO ", "till 5 closed"),
            ("ERROR", "till drawer 5 is jammed"),
            ("WARN ", "till drawer 6 is slow"),
            ("ERROR", "Session could not be opened, user=user001 target=RDS02, the moon is full"),
        ]);
        let b = log(&[
            ("ERROR", "till drawer 77 is jammed"),
            ("ERROR", "Session could not be opened, user=anna target=RDS03, the moon is full"),
        ]);
        let normalized = run(&[("a.log", a), ("b.log", b)]);
        let jammed = (Action::Symptom, "till drawer <*> is jammed".to_owned());
        let failed = (Action::Failure, "Session could not be opened, user=<*> target=<*>, the moon is full".to_owned());
        let slow = (Action::Symptom, "till drawer <*> is slow".to_owned());
        assert_eq!(signatures(&normalized), [jammed.clone(), slow, failed.clone(), jammed, failed]);
        let mut counts: Vec<u64> = normalized.templates.values().map(|one| one.n_messages).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 2, 2]);
        assert!(normalized.templates.keys().all(|id| id.starts_with("template-")));
    }

    #[test]
    fn a_failure_with_a_code_or_a_rule_keeps_that() {
        let text = log(&[
            ("ERROR", "Login failed user=user001 code=1909"),
            ("ERROR", "Login failed user=user001: too many connections"),
        ]);
        let normalized = run(&[("a.log", text)]);
        assert_eq!(normalized.events.len(), 2);
        assert!(normalized.events.iter().all(|event| event.signature.is_some()));
        assert!(normalized.templates.is_empty(), "{:?}", normalized.templates);
    }

    #[test]
    fn the_order_of_files_does_not_matter() {
        let a = log(&[("ERROR", "drawer 5 is jammed"), ("ERROR", "drawer 5 is lost")]);
        let b = log(&[("ERROR", "no paper in 7"), ("ERROR", "drawer 9 is lost")]);
        let one = run(&[("a.log", a.clone()), ("b.log", b.clone())]);
        let other = run(&[("b.log", b), ("a.log", a)]);
        assert_eq!(one.templates, other.templates);
        assert_eq!(one.templates.len(), 3);
    }

    #[test]
    fn templates_beyond_the_bound_are_counted() {
        let letters = |n: usize| -> String { (0..4).map(|at| char::from(b'g' + (n >> (4 * at) & 15) as u8)).collect() };
        let n = SIGNATURES_MAX + 44;
        let lines: Vec<_> = (0..n)
            .map(|n| format!("2022-08-22 08:15:10,000 [7] ERROR Shop.Desk - {}{}", letters(n), letters(n * 7)))
            .collect();
        let normalized = run(&[("a.log", lines.join("\n"))]);
        assert_eq!(normalized.templates.len(), SIGNATURES_MAX);
        let counted = normalized.diagnostics.iter().find(|one| one.code == Code::MessagesTooVarious).unwrap();
        assert_eq!(counted.count, 44);
        assert_eq!(normalized.events.len(), n);
    }

    #[test]
    fn known_names_are_variables_where_they_stand_as_words() {
        let mut text = Cow::Borrowed("Anna, ANNA@corp and annabel");
        without(&mut text, "anna");
        assert_eq!(text, "0, 0@corp and annabel");
    }
}
