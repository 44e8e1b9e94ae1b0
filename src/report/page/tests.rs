//! Pages of made-up cases: their policy, their size, their data, hostile text.

use super::*;
use crate::model::Name;
use crate::report::fixture;

fn page_of(case: &fixture::Case) -> String {
    page(&Report::new(case.input())).unwrap()
}

/// What stands between two texts.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let start = page.find(from).unwrap() + from.len();
    &page[start..start + page[start..].find(to).unwrap()]
}

fn block(page: &str) -> serde_json::Value {
    let json = between(page, "<script type=\"application/json\" id=\"data\">", "</script>");
    assert!(!json.contains('<'), "no markup begins in the data block");
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_policy_names_the_script_and_the_style_of_the_page_and_allows_nothing_else() {
    let page = page_of(&fixture::one_day());
    let (style, script) = (between(&page, "<style>", "</style>"), between(&page, "<script>", "</script>"));
    let said = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    assert_eq!(said, policy(style, script));
    assert!(said.starts_with("default-src 'none'; script-src 'sha256-") && !said.contains("unsafe"), "{said}");
    // An empty text has a digest that everybody knows.
    assert!(policy("", "").contains("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"));
}

#[test]
fn nothing_in_the_page_is_inline_style_or_handler_or_comes_from_elsewhere() {
    for case in fixture::all() {
        let page = page_of(&case);
        let outside = page.replace(between(&page, "<style>", "</style>"), "");
        let outside = outside.replace(between(&outside, "<script>", "</script>"), "");
        for word in
            [" style=", " onload=", " onclick=", " onerror=", "<link", "<iframe", "<object", "@import", "url(http"]
        {
            assert!(!outside.contains(word), "{}: {word}", case.title);
        }
        for word in ["src=\"", "href=\"http", "href=\"//", "data:"] {
            assert!(!outside.contains(word), "{}: {word}", case.title);
        }
        assert!(!script().contains("innerHTML") && !script().contains("eval(") && !script().contains("insertAdjacent"));
    }
}

#[test]
fn every_case_has_its_words_without_any_script() {
    for case in fixture::all() {
        let page = page_of(&case);
        let input = case.input();
        let title = crate::report::wording::incident::headline(&input);
        assert!(page.contains(&format!("<h1 id=\"title\">{title}</h1>")), "{}", case.title);
        assert!(page.contains("<svg") && page.contains("What the logs could not show"), "{}", case.title);
        for incident in &case.judgement.incidents {
            let refuted = crate::report::wording::incident::refuted_by(&input, incident);
            assert!(page.contains(&refuted), "{}: {refuted}", case.title);
        }
        for said in &case.judgement.verdicts {
            let row = format!("<tr data-change=\"{}\"", said.change_id);
            assert_eq!(page.matches(&row).count(), 1, "{}: {row}", case.title);
        }
        assert!(page.len() < MAX_BYTES);
    }
}

#[test]
fn the_data_hold_every_attempt_and_the_event_of_every_failure() {
    let case = fixture::one_day();
    let data = block(&page_of(&case));
    let outcomes = data["attempts"]["outcome"].as_str().unwrap();
    assert_eq!(outcomes.len(), case.tables.attempts.len());
    let n_failed = case.tables.attempts.iter().filter(|attempt| attempt.is_failure()).count();
    assert_eq!(outcomes.matches('f').count(), n_failed);
    let with_event: std::collections::BTreeSet<_> = case.events.iter().map(|event| event.provenance).collect();
    let n_alone = case.originals.keys().filter(|record| !with_event.contains(record)).count();
    assert_eq!(data["events"]["rows"].as_array().unwrap().len(), n_failed + n_alone);
    let texts = data["events"]["texts"].as_array().unwrap();
    let original = case.originals.values().next().unwrap();
    let lines = original.lines();
    for text in ["message", "The profile could not be attached.", "winlog.event_data.Status", "0x00000020"]
        .into_iter()
        .chain(lines)
    {
        assert!(texts.contains(&text.into()), "{text}");
    }
    let places = data["attempts"]["places"].as_array().unwrap().len();
    let counts: u64 =
        data["attempts"]["n_places"].as_array().unwrap().iter().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(places as u64, 2 * counts);
    assert_eq!(data["left_out"], serde_json::json!([]));
}

#[test]
fn a_log_cannot_write_into_the_page() {
    let mut case = fixture::one_day();
    let hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>{{7*7}}\u{202e}\u{1b}[31m\"'&";
    case.tables.changes[0].component = Name::from(hostile);
    for attempt in &mut case.tables.attempts {
        (attempt.user, attempt.host) = (Name::from(hostile), Name::from(hostile));
    }
    for event in &mut case.events {
        event.message = Some(Name::from(hostile));
        event.data = vec![(Name::from(hostile), Name::from(hostile))];
    }
    case.sources[0].path = hostile.to_owned();
    let page = page_of(&case);
    let found: Vec<&str> = page.match_indices("<script").map(|(at, _)| page.get(at..at + 60).unwrap_or("")).collect();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(page.matches("</script").count(), 2);
    // The script has such a text itself, for its own test.
    let page = page.replace(&script(), "");
    assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
    let user = block(&page)["users"][0].as_str().unwrap().to_owned();
    assert!(user.contains("</script><script>") && user.contains("⟨202E⟩⟨001B⟩[31m"), "{user}");
}

/// Whatever comes, a page can be opened: what is left out is said.
#[test]
fn a_page_of_too_much_leaves_out_and_says_so() {
    let mut case = fixture::founding();
    let long = "long ".repeat(100_000);
    case.events[0].message = Some(Name::from(long.as_str()));
    let max_bytes = 560_000;
    let whole = page_of(&case);
    assert!(whole.len() > max_bytes && !whole.contains(&long));
    let page = page_within(&Report::new(case.input()), max_bytes).unwrap();
    assert!(page.len() <= max_bytes, "{}", page.len());
    let data = block(&page);
    let weight = data["attempts"]["weight_other"].as_u64().unwrap() as usize;
    assert!(weight > 1);
    let n_other = case.tables.attempts.iter().filter(|attempt| !attempt.is_failure()).count();
    let n_shown = data["attempts"]["outcome"].as_str().unwrap().matches('s').count();
    assert!(n_shown * weight >= n_other && (n_shown - 1) * weight < n_other, "{n_shown} × {weight} for {n_other}");
    assert!(page.contains("is in this page and counts for as many"), "it says so");
}

#[test]
fn hidden_characters_are_shown_and_others_left() {
    assert_eq!(visible("a\u{202e}b\u{0}c\u{200b}é\t\n漢"), "a⟨202E⟩b⟨0000⟩c⟨200B⟩é\t\n漢");
    assert_eq!(cut("häuser", 3), "häu…");
    assert_eq!(cut("häuser", 6), "häuser");
    assert_eq!(data_block("\"</script><!--\""), "\"\\u003c/script>\\u003c!--\"");
}

/// Writes the pages of all made-up cases to look at: into the folder that CAUSELINE_PICTURES names.
#[test]
#[ignore = "writes pages for people to look at"]
fn pages_to_look_at() {
    let Some(folder) = std::env::var_os("CAUSELINE_PICTURES").map(std::path::PathBuf::from) else { return };
    let large = fixture::varied(&fixture::Shape {
        n_hosts: 300,
        n_changes: 200,
        hours: 56.0 * 24.0,
        per_hour: 0.5,
        lasts: 0.04,
        ..fixture::Shape::default()
    });
    let known = fixture::all().into_iter().map(|case| (case.title, case));
    for (name, case) in known.chain([("three-hundred-hosts", large)]) {
        std::fs::write(folder.join(format!("{name}.html")), page_of(&case)).unwrap();
    }
}
