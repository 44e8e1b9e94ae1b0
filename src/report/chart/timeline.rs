//! Draws the timeline: headline, axis, lanes, legend.

use super::axis::Axis;
use super::canvas::Canvas;
use super::ink::{self, Theme};
use super::lanes::LANES;
use super::layout::Layout;
use super::mark::{Band, Mark, Shape, Side};
use super::scene::Scene;
use super::theme::{BAND_GAP, HEADLINE, Ink, LANE_GAP, LEFT, PLOT_RIGHT, SMALL, SUBTITLE, WIDTH};
use super::{Chart, draw, text};
use crate::error::Error;
use crate::report::input::Input;
use crate::report::wording::{incident, postmortem};

/// Height of one line of an axis with the blank around it, and of the second line where days stand below times.
const AXIS_LINES: [i32; 2] = [26, 15];

/// Heights of a line of the headline and of one of the subtitle.
const HEADLINE_LINE: i32 = 27;
const SUBTITLE_LINE: i32 = 19;
/// Height of one line of the legend.
const LEGEND_LINE: i32 = 20;

/// Draws the timeline of the incident with the greatest impact, or of the whole window if there is none.
///
/// # Errors
///
/// [`Error::Render`] if the drawing library refuses.
pub fn timeline(input: &Input<'_>, theme: Theme) -> Result<Chart, Error> {
    let scene = Scene::new(input);
    let lanes: Vec<Vec<Band>> = scene
        .as_ref()
        .map(|scene| LANES.iter().map(|lane| lane(scene)).filter(|bands| !bands.is_empty()).collect())
        .unwrap_or_default();
    let headline = text::two_lines(&incident::headline(input), WIDTH - 2 * LEFT, HEADLINE, true);
    let subtitle = text::two_lines(&postmortem::subtitle(input), WIDTH - 2 * LEFT, SUBTITLE, false);
    let header = 26 + HEADLINE_LINE * headline.len() as i32 + 12 + SUBTITLE_LINE * subtitle.len() as i32;
    let axis_height = scene.as_ref().map_or(0, |scene| axis_height(&scene.axis));
    let plot_top = header + axis_height;
    let heights: i32 = lanes.iter().map(|bands| lane_height(bands) + LANE_GAP).sum();
    let plot_bottom = plot_top + heights;
    let height = plot_bottom + axis_height + if scene.is_some() { 24 + 2 * LEGEND_LINE } else { 0 };

    let mut svg = String::new();
    let mut canvas = Canvas::new(&mut svg, (WIDTH, height), theme)?;
    for (idx, line) in headline.iter().enumerate() {
        canvas.text(line, (LEFT, 30 + HEADLINE_LINE * idx as i32), Side::Right, HEADLINE, Ink::Text, true)?;
    }
    for (idx, line) in subtitle.iter().enumerate() {
        let y = header - 20 - SUBTITLE_LINE * (subtitle.len() - 1 - idx) as i32;
        canvas.text(line, (LEFT, y), Side::Right, SUBTITLE, Ink::Quiet, false)?;
    }
    let mut layout = Layout::new(scene.as_ref().map(|scene| &scene.axis), height, plot_top, plot_bottom);
    if let Some(scene) = &scene {
        ground(&mut canvas, scene, plot_top, plot_bottom)?;
        let placed = placed(&lanes, plot_top);
        for (band, top) in &placed {
            draw::band(&mut canvas, &scene.axis, band, *top)?;
            layout.push(&scene.axis, band, *top);
        }
        foreground(&mut canvas, scene, plot_top, plot_bottom)?;
        // Symbols and words come last, so that neither the line of the guilty change nor a break cuts them.
        for (band, top) in &placed {
            draw::words(&mut canvas, &scene.axis, band, *top)?;
        }
        let bands: Vec<&Band> = placed.iter().map(|(band, _)| *band).collect();
        legend(&mut canvas, scene, &bands, height - 20 - LEGEND_LINE)?;
    }
    let texts = canvas.finish()?;
    if theme == Theme::Page {
        svg = ink::with_properties(&svg);
    }
    let svg = text::described(&svg, &incident::headline(input), &postmortem::chart_in_words(input));
    Ok(Chart { svg, layout, texts })
}

/// Every band with its upper edge.
fn placed(lanes: &[Vec<Band>], plot_top: i32) -> Vec<(&Band, i32)> {
    let mut placed = Vec::new();
    let mut top = plot_top + LANE_GAP / 2;
    for bands in lanes {
        for band in bands {
            placed.push((band, top));
            top += band.height + BAND_GAP;
        }
        top += LANE_GAP - BAND_GAP;
    }
    placed
}

/// Room for the labels of an axis.
fn axis_height(axis: &Axis) -> i32 {
    let has_days = axis.ticks().iter().any(|tick| !tick.day.is_empty());
    AXIS_LINES[0] + if has_days { AXIS_LINES[1] } else { 0 }
}

fn lane_height(bands: &[Band]) -> i32 {
    bands.iter().map(|band| band.height).sum::<i32>() + BAND_GAP * (bands.len() as i32 - 1)
}

/// What lies below the lanes: the span of the incident, the grid, the axis above and below.
fn ground(canvas: &mut Canvas<'_>, scene: &Scene<'_>, top: i32, bottom: i32) -> Result<(), Error> {
    // The further ones first: where they overlap, the main one is on top.
    for (idx, incident) in scene.input.judgement.incidents.iter().enumerate().rev() {
        let Some(span) = scene.span_of(incident) else { continue };
        let (ground, edge) = if idx == 0 { (Ink::Shade, Ink::Edge) } else { (Ink::Aside, Ink::Missing) };
        let (left, right) = scene.axis.pixels(&span);
        let left = left.round() as i32;
        let right = (right.round() as i32).max(left + 2);
        canvas.fill((left, top), (right, bottom), ground)?;
        for x in [left, right] {
            canvas.line(&[(x, top), (x, bottom)], edge, 1)?;
        }
    }
    let first_line = top - axis_height(&scene.axis) + 12;
    for tick in scene.axis.ticks() {
        canvas.line(&[(tick.x, top), (tick.x, bottom)], Ink::Grid, 1)?;
        for (label, below) in [(&tick.label, 0), (&tick.day, 1)] {
            canvas.text(label, (tick.x, first_line + 15 * below), Side::Middle, SMALL, Ink::Quiet, false)?;
            canvas.text(label, (tick.x, bottom + 12 + 15 * below), Side::Middle, SMALL, Ink::Quiet, false)?;
        }
    }
    let lengths: Vec<f64> = scene.axis.parts.iter().map(|part| part.bin_s as f64).collect();
    let words = format!("UTC, {}", postmortem::bins(&lengths));
    canvas.text(&words, (LEFT, first_line), Side::Right, SMALL, Ink::Quiet, true)
}

/// What lies over the lanes: the guilty change through all of them, and the breaks of the axis.
fn foreground(canvas: &mut Canvas<'_>, scene: &Scene<'_>, top: i32, bottom: i32) -> Result<(), Error> {
    if let Some(at) = scene.guilty_at() {
        let x = scene.axis.x(at).round() as i32;
        canvas.line(&[(x, top), (x, bottom)], Ink::Guilty, 1)?;
    }
    for pair in scene.axis.parts.windows(2) {
        let (left, right) = (pair[0].right.round() as i32, pair[1].left.round() as i32);
        canvas.fill((left, top - 4), (right, bottom + 4), Ink::Paper)?;
        for y in [top, bottom] {
            for x in [left + 2, right - 4] {
                canvas.line(&[(x - 2, y + 6), (x + 4, y - 6)], Ink::Quiet, 1)?;
            }
        }
    }
    Ok(())
}

/// Shapes, lines and tiles in words, and what made the picture.
fn legend(canvas: &mut Canvas<'_>, scene: &Scene<'_>, bands: &[&Band], y: i32) -> Result<(), Error> {
    let mut x = LEFT + 6;
    for (shape, ink, word) in [
        (Shape::Triangle, Ink::Guilty, "root cause"),
        (Shape::HollowTriangle, Ink::Contributing, "contributing"),
        (Shape::Ring, Ink::Acquitted, "acquitted"),
        (Shape::Diamond, Ink::Unproven, "unproven"),
        (Shape::Plus, Ink::Remedy, "remedy"),
        (Shape::Triangle, Ink::Text, "host got the change"),
    ] {
        if !has(
            bands,
            |mark| matches!(mark, Mark::Symbol { shape: own, ink: color, .. } if (*own, *color) == (shape, ink)),
        ) {
            continue;
        }
        draw::symbol(canvas, (x, y), shape, ink, 5)?;
        x = worded(canvas, (x + 11, y), word)?;
    }
    for (ink, word) in [(Ink::Text, "host has the change"), (Ink::Remedy, "host has the remedy")] {
        if has(bands, |mark| matches!(mark, Mark::State { ink: own, .. } if *own == ink)) {
            canvas.wash((x - 5, y - 1), (x + 11, y + 1), ink, draw::STATE_OPACITY)?;
            x = worded(canvas, (x + 16, y), word)?;
        }
    }
    let y = y + LEGEND_LINE;
    let mut x = LEFT;
    let n_incidents = scene.input.judgement.incidents.len();
    for (ink, word) in [
        (Ink::Shade, "incident"),
        (Ink::Aside, "further incident"),
        (Ink::Missing, "no log"),
        (Ink::Calm, "none failed"),
        (Ink::Heat(0), "under 10%"),
        (Ink::Heat(1), "under 25%"),
        (Ink::Heat(2), "under 50%"),
        (Ink::Heat(3), "more"),
    ] {
        let (from, to) = ((x, y - 5), (x + 14, y + 5));
        match ink {
            Ink::Shade if n_incidents < 1 => continue,
            Ink::Aside if n_incidents < 2 => continue,
            Ink::Missing if !has(bands, |mark| matches!(mark, Mark::Missing { .. })) => continue,
            Ink::Missing => draw::hatch(canvas, from, to)?,
            _ => canvas.fill(from, to, ink)?,
        }
        match ink {
            Ink::Shade => canvas.outline(from, to, Ink::Edge)?,
            Ink::Aside => canvas.outline(from, to, Ink::Missing)?,
            _ => {}
        }
        x = worded(canvas, (x + 19, y), word)? - 6;
    }
    let words = format!("{} · causeline {}", scene.input.title, scene.input.tool_version);
    let words = text::fitted(&text::clean(&words), (PLOT_RIGHT - x - 10).max(0), SMALL, false);
    canvas.text(&words, (PLOT_RIGHT, y), Side::Left, SMALL, Ink::Quiet, false)
}

fn has(bands: &[&Band], wanted: impl Fn(&Mark) -> bool) -> bool {
    bands.iter().flat_map(|band| &band.marks).any(wanted)
}

/// Writes a word of the legend and returns where the next entry begins.
fn worded(canvas: &mut Canvas<'_>, (x, y): (i32, i32), word: &str) -> Result<i32, Error> {
    canvas.text(word, (x, y), Side::Right, SMALL, Ink::Quiet, false)?;
    Ok(x + text::width(word, SMALL, false) + 20)
}

#[cfg(test)]
mod tests {
    use resvg::{tiny_skia, usvg};

    use super::super::canvas::TextBox;
    use super::super::figures::tests as figures_tests;
    use super::super::{FIGURES, png, stylesheet};
    use super::*;
    use crate::model::Name;
    use crate::report::fixture::{self, Shape};

    fn overlaps(texts: &[TextBox]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (idx, a) in texts.iter().enumerate() {
            for b in &texts[idx + 1..] {
                if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
                    found.push((a.text.clone(), b.text.clone()));
                }
            }
        }
        found
    }

    /// What a picture must bear, each with its name.
    fn shapes() -> Vec<(&'static str, Shape)> {
        let whole = Shape::default();
        vec![
            (
                "three-hosts-one-day",
                Shape { hours: 24.0, n_changes: 2, per_hour: 30.0, onset: Some(0.1), ..whole.clone() },
            ),
            (
                "three-hours",
                Shape { hours: 3.0, n_hosts: 4, per_hour: 60.0, onset: Some(0.4), lasts: 0.3, ..whole.clone() },
            ),
            (
                "eight-weeks",
                Shape {
                    hours: 56.0 * 24.0,
                    n_hosts: 12,
                    n_changes: 40,
                    lasts: 0.03,
                    onset: Some(0.7),
                    ..whole.clone()
                },
            ),
            ("at-the-start", Shape { onset: Some(0.0), lasts: 0.1, n_hosts: 8, ..whole.clone() }),
            ("at-the-end", Shape { onset: Some(0.9), lasts: 0.5, n_hosts: 8, ..whole.clone() }),
            ("all-the-time", Shape { onset: Some(0.0), lasts: 2.0, n_hosts: 5, ..whole.clone() }),
            (
                "four-incidents",
                Shape { n_incidents: 4, n_hosts: 10, n_changes: 12, hours: 14.0 * 24.0, ..whole.clone() },
            ),
            ("nine-incidents", Shape { n_incidents: 9, n_hosts: 6, hours: 28.0 * 24.0, lasts: 0.05, ..whole.clone() }),
            ("quiet-hosts", Shape { onset: None, n_incidents: 0, n_hosts: 60, n_changes: 30, ..whole.clone() }),
            ("hundred-hosts-two-hundred-changes", Shape { n_hosts: 100, n_changes: 200, per_hour: 1.0, ..whole }),
        ]
    }

    #[test]
    fn no_text_covers_another_or_leaves_the_sheet() {
        let varied = shapes().into_iter().map(|(name, shape)| (name, fixture::varied(&shape)));
        for (name, case) in fixture::all().into_iter().map(|case| (case.title, case)).chain(varied) {
            let chart = timeline(&case.input(), Theme::Light).unwrap();
            assert_eq!(overlaps(&chart.texts), [], "{name}");
            for text in &chart.texts {
                let is_inside =
                    0 <= text.left && text.right <= WIDTH && 0 <= text.top && text.bottom <= chart.layout.height;
                assert!(is_inside, "{name}: {text:?}");
            }
        }
    }

    /// Names from logs may be of any length and hold anything.
    #[test]
    fn no_text_covers_another_however_long_names_are() {
        let mut case = fixture::varied(&Shape { n_hosts: 40, n_incidents: 3, n_changes: 20, ..Shape::default() });
        let long = |name: &Name| Name::from(format!("{name}.\u{202e}<b>\"&\u{7}{}", "zürich-🦀-".repeat(30)).as_str());
        for attempt in &mut case.tables.attempts {
            attempt.host = long(&attempt.host);
        }
        for change in &mut case.tables.changes {
            change.component = long(&change.component);
            change.hosts.iter_mut().for_each(|host| host.host = long(&host.host));
        }
        case.tables.hosts.iter_mut().for_each(|host| *host = long(host));
        case.tables.coverage.iter_mut().for_each(|coverage| coverage.host = long(&coverage.host));
        for text in case.signatures.values_mut() {
            text.title = text.title.repeat(20);
        }
        let chart = timeline(&case.input(), Theme::Light).unwrap();
        assert_eq!(overlaps(&chart.texts), []);
        assert!(chart.texts.iter().all(|text| 0 <= text.left && text.right <= WIDTH));
        for (_, draw) in FIGURES {
            if let Some(figure) = draw(&case.input(), Theme::Light).unwrap() {
                figures_tests::check(&figure, "long names");
            }
        }
    }

    /// Two or two hundred changes, three or sixty hosts: whatever comes, words stay readable.
    #[test]
    fn no_text_covers_another_however_many_changes_there_are() {
        for (n_hosts, n_changes, seed) in [(3, 2, 1), (3, 12, 2), (5, 40, 3), (4, 90, 4), (26, 200, 5), (80, 30, 6)] {
            let case = fixture::many(n_hosts, n_changes, seed);
            let chart = timeline(&case.input(), Theme::Light).unwrap();
            assert_eq!(overlaps(&chart.texts), [], "{n_hosts} hosts, {n_changes} changes, seed {seed}");
        }
    }

    /// Writes pictures of all shapes in all themes to look at: into the folder that CAUSELINE_PICTURES names.
    #[test]
    #[ignore = "writes pictures for people to look at"]
    fn pictures_to_look_at() {
        let Some(folder) = std::env::var_os("CAUSELINE_PICTURES").map(std::path::PathBuf::from) else { return };
        let wanted = std::env::var_os("CAUSELINE_PICTURE").unwrap_or_default();
        let wanted = wanted.to_string_lossy();
        let large =
            Shape { n_hosts: 300, n_changes: 200, hours: 56.0 * 24.0, per_hour: 0.5, lasts: 0.04, ..Shape::default() };
        let varied = shapes().into_iter().chain([("three-hundred-hosts-eight-weeks", large)]);
        let varied =
            varied.filter(|(name, _)| name.contains(&*wanted)).map(|(name, shape)| (name, fixture::varied(&shape)));
        let known =
            fixture::all().into_iter().map(|case| (case.title, case)).filter(|(name, _)| name.contains(&*wanted));
        for (name, case) in known.chain(varied) {
            for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark"), (Theme::Print, "print")] {
                let chart = timeline(&case.input(), theme).unwrap();
                std::fs::write(folder.join(format!("{name}-{word}.png")), png(&chart.svg, 1).unwrap()).unwrap();
                let page = timeline(&case.input(), Theme::Page).unwrap().svg;
                let page = format!("<style>body{{background:var(--ink-paper)}}{}</style>{page}", stylesheet());
                std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
                for (figure, draw) in FIGURES {
                    if let Some(figure_drawn) = draw(&case.input(), theme).unwrap() {
                        let file = figure.trim_start_matches("figures/").trim_end_matches(".svg");
                        let file = folder.join(format!("{file}-{name}-{word}.png"));
                        std::fs::write(file, png(&figure_drawn.svg, 1).unwrap()).unwrap();
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_input_gives_the_same_picture_and_it_is_well_formed() {
        let case = fixture::abstention();
        let chart = timeline(&case.input(), Theme::Light).unwrap();
        assert_eq!(chart.svg, timeline(&case.input(), Theme::Light).unwrap().svg);
        assert!(usvg::Tree::from_str(&chart.svg, &usvg::Options::default()).is_ok());
        assert!(chart.svg.contains("<title>Profile disk locked") && !chart.svg.contains("href"));
    }

    /// Every color of the form for pages is a property of the stylesheet, and hostile text that looks like one is none.
    #[test]
    fn the_form_for_pages_has_no_color_of_its_own() {
        for mut case in fixture::all() {
            if let Some(change) = case.tables.changes.first_mut() {
                change.component = Name::from("\"#C0DE07\" fill=\"red\"");
            }
            let page = timeline(&case.input(), Theme::Page).unwrap();
            let tags: Vec<&str> =
                page.svg.split('<').filter_map(|piece| piece.split_once('>')).map(|(tag, _)| tag).collect();
            let sheet = stylesheet();
            for value in tags.iter().flat_map(|tag| tag.split(' ')) {
                let Some((name, value)) = value.split_once('=').filter(|(name, _)| ["fill", "stroke"].contains(name))
                else {
                    continue;
                };
                let value = value.trim_end_matches('/').trim_matches('"');
                let is_known = value == "none"
                    || value
                        .strip_prefix("var(")
                        .and_then(|rest| rest.strip_suffix(')'))
                        .is_some_and(|property| sheet.matches(&format!("{property}:#")).count() == 3);
                assert!(is_known, "{name} {value}");
            }
            assert!(!tags.iter().any(|tag| tag.contains("#C0DE") || tag.contains("style=")), "{}", case.title);
            let light = timeline(&case.input(), Theme::Light).unwrap();
            assert_eq!(page.layout, light.layout);
            assert_eq!(page.texts, light.texts);
        }
    }

    #[test]
    fn themes_differ_in_colors_only() {
        let case = fixture::founding();
        let bare = |theme| {
            let svg = timeline(&case.input(), theme).unwrap().svg;
            svg.split('#').map(|piece| piece.get(6..).unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(bare(Theme::Light)[1..], bare(Theme::Dark)[1..]);
        assert_eq!(bare(Theme::Light)[1..], bare(Theme::Print)[1..]);
    }

    /// A page that lays marks over the picture finds everything where it is drawn.
    #[test]
    fn the_layout_says_where_things_stand() {
        let case = fixture::founding();
        let Chart { svg, layout, .. } = timeline(&case.input(), Theme::Light).unwrap();
        assert!(svg.contains(&format!("viewBox=\"0 0 {} {}\"", layout.width, layout.height)));
        assert!(layout.top < layout.bands[0].top && layout.bands.last().unwrap().bottom <= layout.bottom);
        assert!(layout.bands.windows(2).all(|pair| pair[0].bottom < pair[1].top));
        let mut ids: Vec<&str> = layout.bands.iter().map(|band| band.id.as_str()).collect();
        let n = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), n);
        let changes = layout.bands.iter().find(|band| band.id == "changes").unwrap();
        let mut shown: Vec<&String> = changes.symbols.iter().flat_map(|symbol| &symbol.changes).collect();
        shown.sort_unstable();
        assert_eq!(shown.len(), case.tables.changes.len(), "every change stands once in its band: {shown:?}");
        let guilty = changes.symbols.iter().find(|symbol| symbol.changes == ["chg-1"]).unwrap();
        let corner = format!("points=\"{},{} ", guilty.x, guilty.y - guilty.radius);
        assert!(svg.contains(&corner), "{corner}");
        let hosts = layout.bands.iter().find(|band| band.id == "hosts").unwrap();
        assert_eq!(hosts.rows.iter().flat_map(|row| &row.hosts).count(), case.tables.hosts.len());
        assert!(hosts.rows.iter().all(|row| hosts.top <= row.top && row.bottom <= hosts.bottom));
        for part in &layout.parts {
            assert!(
                f64::from(layout.left) <= part.left && part.left < part.right && part.right <= f64::from(layout.right)
            );
        }
    }

    #[test]
    fn log_text_cannot_become_markup() {
        let mut case = fixture::one_day();
        case.tables.changes[0].component = Name::from("<script>\u{1b}[31m\"&'");
        let chart = timeline(&case.input(), Theme::Light).unwrap();
        assert!(!chart.svg.contains("<script") && !chart.svg.contains('\u{1b}'));
        assert!(chart.svg.contains("&lt;script&gt;"));
        assert!(usvg::Tree::from_str(&chart.svg, &usvg::Options::default()).is_ok());
    }

    #[test]
    fn the_picture_has_its_size_and_its_words() {
        let case = fixture::one_day();
        let chart = timeline(&case.input(), Theme::Light).unwrap();
        for scale in [1, 2] {
            let picture = tiny_skia::Pixmap::decode_png(&png(&chart.svg, scale).unwrap()).unwrap();
            assert_eq!(picture.width(), WIDTH.unsigned_abs() * scale);
            // The headline is the only thing so dark so far up: without its font it would be missing in silence.
            let headline = &chart.texts[0];
            let dark = |x: u32, y: u32| picture.pixel(x, y).is_some_and(|pixel| pixel.red() < 0x40);
            let across = |x: u32| {
                (headline.top.unsigned_abs() * scale..headline.bottom.unsigned_abs() * scale).any(|y| dark(x, y))
            };
            let columns = (0..picture.width()).filter(|x| across(*x));
            let columns: Vec<u32> = columns.collect();
            let (first, last) = (columns.first().unwrap(), columns.last().unwrap());
            let measured = f64::from(headline.right - headline.left) * f64::from(scale);
            let drawn = f64::from(last - first);
            assert!((drawn / measured - 1.0).abs() < 0.03, "headline: measured {measured}, drawn {drawn}");
        }
    }
}
