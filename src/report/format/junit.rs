//! `junit.xml`: one test case an incident and one a change, as every CI system draws them.
//!
//! An incident fails. A change that caused or joined in an incident fails, one that is innocent or a remedy passes, one
//! that the logs neither blame nor acquit is skipped: a gate must not read silence as innocence.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{File, Format, Report};
use crate::error::Error;
use crate::judge::Verdict;
use crate::report::input::Input;
use crate::report::sections::word;
use crate::report::wording::{incident, verdict};

/// `junit.xml`.
pub const FORMAT: Format = Format { name: "junit", is_default: false, render };

/// How a test case ended.
enum End {
    Passed,
    Failed { kind: String, message: String },
    Skipped { message: String },
}

/// One test case.
struct Case {
    name: String,
    end: End,
    /// Reasons, line by line.
    words: Vec<String>,
}

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let failed = |error: std::io::Error| Error::Render { what: "junit.xml", detail: error.to_string() };
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, &report.input).map_err(failed)?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(vec![File { name: "junit.xml", bytes }])
}

fn write(writer: &mut Writer<Vec<u8>>, input: &Input<'_>) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = [("incidents", incidents(input)), ("changes", changes(input))];
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", sound(&format!("causeline {}", input.title)).as_str()));
    count(&mut root, all());
    writer.write_event(Event::Start(root))?;
    for (name, cases) in &suites {
        suite(writer, input, name, cases)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))
}

fn count<'a>(element: &mut BytesStart<'_>, cases: impl Iterator<Item = &'a Case> + Clone) {
    let n_failed = cases.clone().filter(|case| matches!(case.end, End::Failed { .. })).count();
    let n_skipped = cases.clone().filter(|case| matches!(case.end, End::Skipped { .. })).count();
    element.push_attribute(("tests", cases.count().to_string().as_str()));
    element.push_attribute(("failures", n_failed.to_string().as_str()));
    element.push_attribute(("errors", "0"));
    element.push_attribute(("skipped", n_skipped.to_string().as_str()));
}

fn suite(writer: &mut Writer<Vec<u8>>, input: &Input<'_>, name: &str, cases: &[Case]) -> std::io::Result<()> {
    let mut suite = BytesStart::new("testsuite");
    suite.push_attribute(("name", name));
    count(&mut suite, cases.iter());
    suite.push_attribute(("time", "0"));
    if let Some(window) = input.tables.window {
        // Without a zone, as the schema wants it; times are UTC.
        suite.push_attribute(("timestamp", window.start.to_jiff().strftime("%Y-%m-%dT%H:%M:%S").to_string().as_str()));
    }
    writer.write_event(Event::Start(suite))?;
    for one in cases {
        case(writer, name, one)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn case(writer: &mut Writer<Vec<u8>>, suite: &str, case: &Case) -> std::io::Result<()> {
    let words = sound(&case.words.join("\n"));
    let mut element = BytesStart::new("testcase");
    element.push_attribute(("classname", format!("causeline.{suite}").as_str()));
    element.push_attribute(("name", sound(&case.name).as_str()));
    element.push_attribute(("time", "0"));
    writer.write_event(Event::Start(element))?;
    match &case.end {
        End::Passed => text(writer, BytesStart::new("system-out"), &words)?,
        End::Failed { kind, message } => {
            let mut failure = BytesStart::new("failure");
            failure.push_attribute(("type", kind.as_str()));
            failure.push_attribute(("message", sound(message).as_str()));
            text(writer, failure, &words)?;
        }
        End::Skipped { message } => {
            let mut skipped = BytesStart::new("skipped");
            skipped.push_attribute(("message", sound(message).as_str()));
            text(writer, skipped, &words)?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

fn text(writer: &mut Writer<Vec<u8>>, element: BytesStart<'_>, words: &str) -> std::io::Result<()> {
    let end = element.to_end().into_owned();
    writer.write_event(Event::Start(element))?;
    writer.write_event(Event::Text(BytesText::new(words)))?;
    writer.write_event(Event::End(end))
}

/// XML has no way to write most control characters, nor half of a surrogate or U+FFFE.
fn sound(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\t' => letter,
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

fn incidents(input: &Input<'_>) -> Vec<Case> {
    if input.judgement.incidents.is_empty() {
        let words = vec![format!("{}.", incident::headline(input))];
        return vec![Case { name: "no incident".to_owned(), end: End::Passed, words }];
    }
    let case = |one: &crate::judge::Incident| Case {
        name: format!(
            "{} {}",
            one.id,
            one.signatures.first().map_or("failed connections", |id| input.signature_title(id))
        ),
        end: End::Failed { kind: word(&one.root_cause.kind), message: incident::title(input, one) },
        words: vec![incident::when(one), incident::impact(input, one), incident::refuted_by(input, one)],
    };
    input.judgement.incidents.iter().map(case).collect()
}

fn changes(input: &Input<'_>) -> Vec<Case> {
    let judged = input.tables.changes.iter().filter_map(|change| Some((change, input.strongest_verdict(&change.id)?)));
    judged
        .map(|(change, said)| {
            let name = input.change_name(&change.id);
            let message = format!("{name}: {}", verdict::verdict(said.verdict));
            Case {
                name: format!("{} {name}", change.id),
                end: match said.verdict {
                    Verdict::RootCause | Verdict::Contributing => End::Failed { kind: word(&said.verdict), message },
                    Verdict::Acquitted | Verdict::Remedy => End::Passed,
                    Verdict::Unproven => End::Skipped { message },
                },
                words: said.reasons.iter().map(|reason| verdict::reason(input, reason)).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn guilty_fails_innocent_passes_and_unproven_is_skipped() {
        let mut case = fixture::founding();
        case.tables.changes[0].component = "a\u{1b}[31m<b>&\"'\u{0}".into();
        let files = render(&Report::new(case.input())).unwrap();
        let text = String::from_utf8(files[0].bytes.clone()).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{0}']) && text.contains("&lt;b&gt;&amp;"), "{text}");
        let n = |verdict| {
            let changes = case.tables.changes.iter();
            let input = case.input();
            changes.filter(|one| input.strongest_verdict(&one.id).is_some_and(|said| said.verdict == verdict)).count()
        };
        assert_eq!(text.matches("<failure type=\"root-cause\"").count(), n(Verdict::RootCause));
        assert_eq!(text.matches("<skipped").count(), n(Verdict::Unproven));
        assert_eq!(text.matches("<system-out>").count(), n(Verdict::Acquitted) + n(Verdict::Remedy));
        let quiet = fixture::quiet();
        let files = render(&Report::new(quiet.input())).unwrap();
        assert!(String::from_utf8_lossy(&files[0].bytes).contains("failures=\"0\""));
    }
}
