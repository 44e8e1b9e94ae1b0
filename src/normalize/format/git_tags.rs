//! Tags of a repository: `git log --tags` in its usual shapes, and `git for-each-ref refs/tags`.
//!
//! A commit with a tag is a release of that version at its date; one without is nothing that was given
//! out. A tag says what was released and not where it runs, so no hosts are stated. A tag
//! may begin with the component (`shop-portal-v22.8`); else the subject is asked.
//!
//! Source: git documentation, "git-log" (`--decorate`, `%d`, `%D`, `%ai`, `%cI`), "git-for-each-ref".

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::normalize::change_list::{self, Column, Entry, add_phrase, version_in};
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct GitTags;

/// The default shape of `git log` begins each commit so.
fn is_commit(line: &str) -> bool {
    line.strip_prefix("commit ").is_some_and(|rest| hash_len(rest).is_some())
}

/// The length of the hash at the start of a text.
fn hash_len(text: &str) -> Option<usize> {
    let len = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let ends =
        text.as_bytes().get(len).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-' && *byte != b'.');
    ((7..=64).contains(&len) && ends).then_some(len)
}

/// The tag in a decoration (`(HEAD -> main, tag: v22.8)`) or the full name of one.
fn tag_in(line: &str) -> Option<&str> {
    let behind = ["tag: refs/tags/", "tag: ", "refs/tags/"].iter().find_map(|mark| {
        let at = line.find(mark)?;
        let is_start = line[..at].ends_with(['(', ',', ' ', '\t', '|', ';', '"']) || at == 0;
        is_start.then(|| &line[at + mark.len()..])
    })?;
    let tag = behind.split([',', ')', ' ', '\t', '|', ';', '"', '\'']).next()?;
    (!tag.is_empty() && tag.len() <= 200).then_some(tag)
}

/// The stamp of a line: at its start, or behind hash, tag or separators.
fn stamp_in(line: &str) -> Option<(Stamp, &str)> {
    let starts = line.match_indices([' ', '\t', '|', ',', ';', '"', '[']).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).take(40).find_map(|at| {
        let rest = &line[at..];
        let (found, len) = stamp(rest, DateOrder::MonthFirst).filter(|(found, _)| found.has_year && found.has_time)?;
        Some(with_offset(found, &rest[len..]))
    })
}

/// Git writes the offset behind the year: `Sat Aug 20 17:00:00 2022 +0200`.
fn with_offset(mut found: Stamp, behind: &str) -> (Stamp, &str) {
    let text = behind.strip_prefix(' ').unwrap_or(behind);
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (found, behind),
    };
    let digits = text.get(1..5).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let Some(number) = digits.and_then(|digits| digits.parse::<i32>().ok()) else { return (found, behind) };
    if found.offset_s.is_none() && number <= 1_400 {
        found.offset_s = Some(sign * (number / 100 * 3_600 + number % 100 * 60));
        return (found, &text[5..]);
    }
    (found, behind)
}

/// Whether a line is one commit or tag in one line.
fn is_one_line(line: &str) -> bool {
    let is_timed = || stamp_in(line).is_some_and(|(found, _)| found.offset_s.is_some());
    names_tag(line) || (hash_len(line).is_some() && is_timed())
}

/// Whether a line names a tag: in a decoration, by its full name, or as a version right before a stamp.
fn names_tag(line: &str) -> bool {
    let word = first_word(line);
    let is_version = || {
        let behind =
            line.trim_start_matches('"').get(word.len() + 1..).unwrap_or("").trim_start_matches(['"', ' ', '\t']);
        version_in(word).is_some()
            && stamp(behind, DateOrder::MonthFirst).is_some_and(|(found, _)| found.has_year && found.has_time)
    };
    tag_in(line).is_some() || is_version()
}

fn first_word(line: &str) -> &str {
    line.split([' ', '\t', '|', ',', ';']).next().unwrap_or("").trim_matches('"')
}

/// The component that a tag begins with, and its version: `shop-portal-v22.8`, `shop/22.8`, `v22.8`.
fn parts(tag: &str) -> (Option<&str>, &str) {
    let found = tag.match_indices(['-', '/', '_', '@']).find(|(at, _)| version_in(&tag[at + 1..]).is_some());
    let Some((at, _)) = found else { return (None, tag) };
    let component = tag[..at].trim_start_matches('@');
    let is_name =
        !matches!(component.to_lowercase().as_str(), "" | "v" | "release" | "rel" | "version" | "tag" | "prod");
    (is_name.then_some(component), &tag[at + 1..])
}

impl LogFormat for GitTags {
    fn name(&self) -> &'static str {
        "git-tags"
    }

    fn dataset(&self) -> &'static str {
        "changes"
    }

    fn role(&self) -> Role {
        Role::Changes
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let texts = || first.iter().filter_map(Record::text);
        if texts().next().is_some_and(is_commit) {
            return texts()
                .filter(|line| {
                    is_commit(line)
                        || line.starts_with("    ")
                        || ["Author:", "Date:", "Merge:", "AuthorDate:", "Commit:", "CommitDate:"]
                            .iter()
                            .any(|key| line.starts_with(key))
                })
                .count();
        }
        // Without any tag it is some other list of hashes or versions.
        if !texts().any(names_tag) {
            return 0;
        }
        texts().filter(|line| is_one_line(line)).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        // The lines below `commit` belong to it; in the other shapes each line stands for itself.
        is_commit(line) || is_one_line(line)
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(TagParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "tags.txt",
                text: "commit 5fed1234567890abcdef1234567890abcdef1234 (HEAD -> main, tag: v22.8.1, origin/main)\n\
                       Author: user001 <user001@corp.example>\n\
                       Date:   Sat Aug 20 19:00:00 2022 +0200\n\n    Release Shop Portal 22.8.1\n\n\
                       commit 5fee1234567890abcdef1234567890abcdef1234\n\
                       Author: user001 <user001@corp.example>\n\
                       Date:   Fri Aug 19 19:00:00 2022 +0200\n\n    Repair a test\n",
                expected: &[
                    "Update 2022-08-20T17:00:00Z Shop Portal v22.8.1 Unstated",
                    "irrelevant 2022-08-19T17:00:00Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "tags.txt",
                text: "5fed1234567890abcdef1234567890abcdef1234 2022-08-20 19:00:00 +0200  (tag: shop-v22.8) Cut it\n\
                       5fee1234567890abcdef1234567890abcdef1234 2022-08-19 19:00:00 +0200  Repair a test",
                expected: &["Update 2022-08-20T17:00:00Z shop v22.8 Unstated", "irrelevant 2022-08-19T17:00:00Z"],
            },
            Sample {
                container: Container::Lines,
                path: "tags.txt",
                text: "2022-08-20 19:00:00 +0200  (tag: v22.8)\n2022-08-19T19:00:00+02:00 (tag: v22.7, origin/main)",
                expected: &[
                    "Update 2022-08-20T17:00:00Z v22.8 v22.8 Unstated",
                    "Update 2022-08-19T17:00:00Z v22.7 v22.7 Unstated",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "tags.txt",
                text: "5fed123 (HEAD -> main, tag: v22.8) Release Shop 22.8\n5fee123 (tag: v22.7) Release Shop 22.7",
                expected: &["damaged change-incomplete", "damaged change-incomplete"],
            },
            Sample {
                container: Container::Lines,
                path: "refs.txt",
                text: "refs/tags/shop/22.8 2022-08-20 19:00:00 +0200\nrefs/tags/shop/22.7 Sat Aug 13 19:00:00 2022 +0200",
                expected: &[
                    "Update 2022-08-20T17:00:00Z shop 22.8 Unstated",
                    "Update 2022-08-13T17:00:00Z shop 22.7 Unstated",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "refs.txt",
                text: "v22.8 2022-08-20 19:00:00 +0200\nv22.7 2022-08-13 19:00:00 +0200",
                expected: &[
                    "Update 2022-08-20T17:00:00Z v22.8 v22.8 Unstated",
                    "Update 2022-08-13T17:00:00Z v22.7 v22.7 Unstated",
                ],
            },
        ]
    }
}

struct TagParser;

impl TagParser {
    fn read(text: &str, context: &mut Context<'_>) -> LineOutcome {
        let first = text.lines().next().unwrap_or("");
        let of_commit = is_commit(first);
        if !of_commit && !is_one_line(first) {
            return LineOutcome::Foreign;
        }
        // The committer's date is when it came in; the author's may be much older.
        let dated = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
        let found = if of_commit {
            dated("CommitDate:").or_else(|| dated("Date:")).and_then(|date| stamp_in(date.trim()))
        } else {
            stamp_in(first)
        };
        let tag = tag_in(first).or_else(|| {
            let word = first_word(first);
            (!of_commit).then(|| version_in(word)).flatten()
        });
        let Some((found, behind)) = found else {
            return match tag {
                Some(_) => LineOutcome::Damaged(Code::ChangeIncomplete, "a tag without time"),
                None => LineOutcome::Irrelevant(None),
            };
        };
        let (at, _) = context.clock.instant(found);
        let Some(tag) = tag else { return LineOutcome::Irrelevant(Some(at)) };
        let subject = if of_commit {
            text.lines().find_map(|line| line.strip_prefix("    ")).unwrap_or("")
        } else {
            behind.rsplit([')', '|', '\t']).next().unwrap_or("").trim()
        };
        let (component, version) = parts(tag);
        let mut said = Entry::default();
        add_phrase(&mut said, subject);
        let mut entry = Entry::default();
        entry.add("time", &at.to_string());
        entry.add("component", component.or_else(|| said.get(Column::Component)).unwrap_or(tag));
        entry.add("version", version);
        entry.add("kind", said.get(Column::Kind).unwrap_or(""));
        entry.add("note", subject);
        change_list::understand(&entry, DateOrder::MonthFirst, context)
    }
}

impl Parser for TagParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        match &record.body {
            Body::Text(text) => Self::read(text, context).into(),
            _ => LineOutcome::Foreign.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_apart() {
        assert_eq!(parts("shop-portal-v22.8"), (Some("shop-portal"), "v22.8"));
        assert_eq!(parts("release-22.8"), (None, "22.8"));
        assert_eq!(parts("v22.8-rc.1"), (None, "v22.8-rc.1"));
        assert_eq!(tag_in("5fed (tag: v1, tag: v2)"), Some("v1"));
        assert_eq!(tag_in("the price tag:high"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line in "(commit [0-9a-f]{0,50} |refs/tags/|v?)[\\PC]{0,60}") {
            let _ = (is_commit(&line), is_one_line(&line), tag_in(&line), stamp_in(&line), parts(&line));
        }
    }
}
