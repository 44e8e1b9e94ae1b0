//! Made-up weeks, and what must hold of every output of each.

use super::format::FORMATS;
use super::{WeekReport, schema};
use crate::model::Name;
use crate::report::chart::{self, Theme};
use crate::report::fixture::{self, Case};
use crate::review::{self, Calendar, Options, Review};

fn reviewed(case: &Case, week: Option<&str>, objective: &str) -> Review {
    let options = Options {
        week: week.map(|week| week.parse().unwrap()),
        objective: objective.parse().unwrap(),
        calendar: Calendar::of("Europe/Zurich").unwrap(),
    };
    review::review(&case.tables, &case.judgement, &options)
}

/// Weeks of every kind: the default one, one with the incident, one that is half covered, one without any log, an
/// objective without budget.
fn weeks() -> Vec<(String, Case, Review)> {
    let mut weeks = Vec::new();
    for make in [fixture::founding, fixture::quiet, fixture::many_changes, fixture::one_day, fixture::empty] {
        for (week, objective) in
            [(None, "99.5%"), (Some("2022-W34"), "100%"), (Some("2022-W27"), "90%"), (Some("1999-W01"), "99%")]
        {
            let case = make();
            let review = reviewed(&case, week, objective);
            weeks.push((format!("{} {week:?} {objective}", case.title), case, review));
        }
    }
    let case = fixture::many(40, 120, 7);
    let review = reviewed(&case, None, "99.9%");
    weeks.push(("many".to_owned(), case, review));
    weeks
}

fn text(report: &WeekReport<'_>, name: &str) -> String {
    let files = FORMATS.iter().filter(|format| format.name != "png").flat_map(|one| (one.render)(report).unwrap());
    String::from_utf8(files.into_iter().find(|file| file.name == name).unwrap().bytes).unwrap()
}

#[test]
fn every_week_has_all_its_files_and_the_same_bytes_twice() {
    for (title, case, review) in weeks() {
        let (one, two) = (WeekReport::new(case.input(), &review), WeekReport::new(case.input(), &review));
        for format in FORMATS.iter().filter(|format| format.name != "png") {
            let (first, second) = ((format.render)(&one).unwrap(), (format.render)(&two).unwrap());
            assert!(first == second && first.iter().all(|file| !file.bytes.is_empty()), "{title}: {}", format.name);
        }
    }
}

#[test]
fn every_document_keeps_to_the_schema_and_every_key_is_there() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (title, case, review) in weeks() {
        let document = serde_json::to_value(WeekReport::new(case.input(), &review).document).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{title}: {}", wrong.join("\n"));
    }
    let count = |of: &serde_json::Value, key: &str| {
        of[key].as_object().map_or_else(|| of[key].as_array().map_or(0, Vec::len), serde_json::Map::len)
    };
    assert_eq!(count(&schema, "required"), count(&schema, "properties"));
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        let absent_allowed = if name == "Place" { 3 } else { 0 };
        assert_eq!(count(definition, "required") + absent_allowed, count(definition, "properties"), "{name}");
    }
}

#[test]
fn the_layout_is_the_same_every_week() {
    let wanted = [
        "Success and error budget",
        "Incidents",
        "Signatures",
        "Changes of the week",
        "Slow logons",
        "Latent faults",
        "Coverage",
    ];
    for (title, case, review) in weeks() {
        let report = WeekReport::new(case.input(), &review);
        for (name, mark) in [("review.md", "\n## "), ("review.html", "<h2>")] {
            let page = text(&report, name);
            let headings: Vec<&str> =
                page.split(mark).skip(1).map(|rest| rest.split(['\n', '<']).next().unwrap()).collect();
            assert_eq!(headings, wanted, "{title}: {name}");
        }
    }
}

#[test]
fn a_week_that_is_half_covered_or_empty_claims_nothing() {
    let case = fixture::founding();
    let mut half = fixture::founding();
    let review = reviewed(&half, Some("2022-W30"), "99.5%");
    for row in &mut half.tables.coverage {
        row.gaps = vec![crate::frame::Gap {
            start: review.days[2].start,
            end: review.days[6].start,
            kind: crate::frame::GapKind::Silent,
            n_missing: None,
            records: Vec::new(),
        }];
    }
    for (case, week, said) in [(&half, "2022-W30", "nothing is claimed"), (&case, "1999-W01", "no connection")] {
        let review = reviewed(case, Some(week), "99.5%");
        let report = WeekReport::new(case.input(), &review);
        assert!(report.document.headline.contains(said), "{}", report.document.headline);
        assert!(!report.document.signatures.is_compared && report.document.success.total.is_met.is_none());
        assert!(report.document.signatures.movements.iter().all(|one| one.direction == "not-compared"));
        for word in [" met ", " missed ", "| met", "| missed"] {
            assert!(!text(&report, "review.md").contains(word), "{week}: {word}");
        }
    }
    let whole = reviewed(&case, Some("2022-W30"), "99.5%");
    assert!(WeekReport::new(case.input(), &whole).document.signatures.is_compared);
}

#[test]
fn a_log_cannot_write_into_the_page() {
    let mut case = fixture::founding();
    let hostile = "a|b</style><script>alert(1)</script>\u{1b}[31m \"'`#\n# x";
    for change in &mut case.tables.changes {
        change.component = Name::from(hostile);
    }
    for host in &mut case.tables.hosts {
        *host = Name::from(hostile);
    }
    for attempt in &mut case.tables.attempts {
        attempt.host = Name::from(hostile);
        attempt.signature = attempt.signature.as_ref().map(|_| Name::from(hostile));
    }
    let review = reviewed(&case, Some("2022-W34"), "99.5%");
    let report = WeekReport::new(case.input(), &review);
    let page = text(&report, "review.html");
    assert!(!page.contains("<script") && !page.contains('\u{1b}') && page.matches("</style>").count() == 1);
    assert!(page.contains("a|b&lt;/style&gt;&lt;script&gt;"));
    let page = text(&report, "review.md");
    assert!(!page.contains("<script") && !page.contains("\n# x") && !page.contains("a|b"), "{page}");
}

/// No script, nothing loaded, one style: what the content policy states.
#[test]
fn the_page_loads_nothing() {
    let case = fixture::founding();
    let review = reviewed(&case, Some("2022-W34"), "99.5%");
    let page = text(&WeekReport::new(case.input(), &review), "review.html");
    for word in ["<script", "href=", "src=", "style=\"", "@import", "url(", "onload"] {
        assert!(!page.contains(word), "{word}");
    }
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:"));
}

/// The page turns dark by its stylesheet: no color of its chart stands for itself.
#[test]
fn every_color_of_the_page_s_chart_is_a_property() {
    for (title, case, review) in weeks() {
        let page = text(&WeekReport::new(case.input(), &review), "review.html");
        let svg = &page[page.find("<svg").unwrap()..page.find("</svg>").unwrap()];
        assert!(!svg.contains("=\"#"), "{title}");
        for (at, _) in svg.match_indices("var(") {
            let name = &svg[at + 4..at + svg[at..].find(')').unwrap()];
            assert_eq!(page.matches(&format!("{name}:")).count(), 3, "{title}: {name} in light, dark and print");
        }
    }
}

#[test]
fn no_text_of_the_chart_covers_another() {
    for (title, case, review) in weeks() {
        for has_headline in [true, false] {
            let drawn = chart::week(&case.input(), &review, Theme::Light, has_headline).unwrap();
            assert_eq!(chart::overlaps(&drawn.texts), [], "{title}");
        }
    }
}
