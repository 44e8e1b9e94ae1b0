//! The timeline: lanes over one UTC axis, as SVG and PNG. The only module that names plotters and resvg.
//!
//! A lane computes marks in units of time and value (`lanes`); here they get their places and are drawn.
//! The picture holds its own font, reads none of the machine, and is the same to the byte everywhere.

mod axis;
mod canvas;
mod draw;
mod lanes;
mod mark;
mod scene;
mod text;
mod theme;
mod week;

use resvg::{tiny_skia, usvg};

pub use self::week::week;

use self::axis::Axis;
use self::canvas::{Canvas, TextBox};
use self::lanes::LANES;
use self::mark::{Band, Shape, Side};
use self::scene::Scene;
use self::theme::{BAND_GAP, HEADLINE, Ink, LANE_GAP, LEFT, PLOT_RIGHT, SMALL, SUBTITLE, WIDTH};
use super::input::Input;
use super::wording::{incident, postmortem};
use crate::error::Error;

/// A drawn timeline.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The picture, a whole SVG document without references to anything outside.
    pub svg: String,
    /// Where each text stands, for the test that none covers another.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by tests"))]
    texts: Vec<TextBox>,
}

#[cfg(test)]
impl Chart {
    /// Texts that cover one another.
    pub(crate) fn overlaps(&self) -> Vec<(String, String)> {
        tests::overlaps(&self.texts)
    }
}

/// Height of one line of an axis with the blank around it, and of the second line where days stand below times.
const AXIS_LINES: [i32; 2] = [26, 15];

/// Draws the timeline of the incident with the greatest impact, or of the whole window if there is none.
///
/// # Errors
///
/// [`Error::Render`] if the drawing library refuses.
pub fn timeline(input: &Input<'_>) -> Result<Chart, Error> {
    let scene = Scene::new(input);
    let lanes: Vec<Vec<Band>> = scene
        .as_ref()
        .map(|scene| LANES.iter().map(|lane| lane(scene)).filter(|bands| !bands.is_empty()).collect())
        .unwrap_or_default();
    let headline = text::two_lines(&incident::headline(input), WIDTH - 2 * LEFT, HEADLINE, true);
    let header = 26 + 27 * headline.len() as i32 + 26;
    let axis_height = scene.as_ref().map_or(0, |scene| axis_height(&scene.axis));
    let plot_top = header + axis_height;
    let heights: i32 = lanes.iter().map(|bands| lane_height(bands) + LANE_GAP).sum();
    let plot_bottom = plot_top + heights;
    let height = plot_bottom + axis_height + if scene.is_some() { 48 } else { 0 };

    let mut svg = String::new();
    let mut canvas = Canvas::new(&mut svg, (WIDTH, height))?;
    for (idx, line) in headline.iter().enumerate() {
        canvas.text(line, (LEFT, 30 + 27 * idx as i32), Side::Right, HEADLINE, Ink::Text, true)?;
    }
    let bins: Vec<f64> = scene.iter().flat_map(|scene| &scene.axis.parts).map(|part| part.bin_s as f64).collect();
    let subtitle = text::fitted(&postmortem::subtitle(input, &bins), WIDTH - 2 * LEFT, SUBTITLE, false);
    canvas.text(&subtitle, (LEFT, header - 18), Side::Right, SUBTITLE, Ink::Quiet, false)?;
    if let Some(scene) = &scene {
        ground(&mut canvas, scene, plot_top, plot_bottom)?;
        let mut top = plot_top + LANE_GAP / 2;
        for bands in &lanes {
            for band in bands {
                draw::band(&mut canvas, &scene.axis, band, top)?;
                top += band.height + BAND_GAP;
            }
            top += LANE_GAP - BAND_GAP;
        }
        foreground(&mut canvas, scene, plot_top, plot_bottom)?;
        // Words come last, so that neither the line of the guilty change nor a break cuts them.
        let mut top = plot_top + LANE_GAP / 2;
        for bands in &lanes {
            for band in bands {
                draw::words(&mut canvas, &scene.axis, band, top)?;
                top += band.height + BAND_GAP;
            }
            top += LANE_GAP - BAND_GAP;
        }
        legend(&mut canvas, scene, height - 22)?;
    }
    let texts = canvas.finish()?;
    Ok(Chart { svg: described(&svg, &incident::headline(input), &postmortem::chart_in_words(input)), texts })
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
    if let Some(span) = scene.shaded() {
        let (left, right) = scene.axis.pixels(&span);
        let (left, right) = (left.round() as i32, right.round() as i32);
        canvas.fill((left, top), (right.max(left + 2), bottom), Ink::Shade)?;
    }
    let first_line = top - axis_height(&scene.axis) + 12;
    for tick in scene.axis.ticks() {
        canvas.line(&[(tick.x, top), (tick.x, bottom)], Ink::Grid, 1)?;
        for (label, below) in [(&tick.label, 0), (&tick.day, 1)] {
            canvas.text(label, (tick.x, first_line + 15 * below), Side::Middle, SMALL, Ink::Quiet, false)?;
            canvas.text(label, (tick.x, bottom + 12 + 15 * below), Side::Middle, SMALL, Ink::Quiet, false)?;
        }
    }
    canvas.text("UTC", (LEFT, first_line), Side::Right, SMALL, Ink::Quiet, true)
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

/// Shapes and tiles in words, and what made the picture.
fn legend(canvas: &mut Canvas<'_>, scene: &Scene<'_>, y: i32) -> Result<(), Error> {
    let shapes = [
        (Shape::Triangle, Ink::Guilty, "root cause"),
        (Shape::Ring, Ink::Acquitted, "acquitted"),
        (Shape::Diamond, Ink::Unproven, "unproven"),
        (Shape::Plus, Ink::Remedy, "remedy"),
    ];
    let mut x = LEFT + 6;
    for (shape, ink, word) in shapes {
        draw::symbol(canvas, (x, y), shape, ink, 5)?;
        canvas.text(word, (x + 11, y), Side::Right, SMALL, Ink::Quiet, false)?;
        x += 11 + text::width(word, SMALL, false) + 20;
    }
    let tiles = [
        (Ink::Shade, "incident"),
        (Ink::Missing, "no log"),
        (Ink::Calm, "none failed"),
        (Ink::Heat(0), "under 10%"),
        (Ink::Heat(1), "under 25%"),
        (Ink::Heat(2), "under 50%"),
        (Ink::Heat(3), "more"),
    ];
    x += 16;
    for (ink, word) in tiles {
        if ink == Ink::Missing {
            draw::hatch(canvas, (x, y - 5), (x + 14, y + 5))?;
        } else {
            canvas.fill((x, y - 5), (x + 14, y + 5), ink)?;
        }
        canvas.text(word, (x + 19, y), Side::Right, SMALL, Ink::Quiet, false)?;
        x += 19 + text::width(word, SMALL, false) + 14;
    }
    let words = format!("{} · causeline {}", scene.input.title, scene.input.tool_version);
    let words = text::fitted(&text::clean(&words), (PLOT_RIGHT - x - 10).max(0), SMALL, false);
    canvas.text(&words, (PLOT_RIGHT, y), Side::Left, SMALL, Ink::Quiet, false)
}

/// Puts the picture in words behind the opening tag, for those who cannot see it.
fn described(svg: &str, title: &str, words: &str) -> String {
    let (title, words) = (escaped(&text::clean(title)), escaped(&text::clean(words)));
    match svg.split_once(">\n") {
        Some((open, rest)) => {
            format!("{open} role=\"img\">\n<title>{title}</title>\n<desc>{words}</desc>\n{rest}")
        }
        None => svg.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Renders a timeline as PNG, `scale` pixels for one of the SVG, with the embedded font only.
///
/// # Errors
///
/// [`Error::Render`] if it is no SVG or too large.
pub fn png(svg: &str, scale: u32) -> Result<Vec<u8>, Error> {
    let failed = |detail: String| Error::Render { what: "timeline.png", detail };
    let mut options = usvg::Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    // Without it a text whose family is not found is left out in silence.
    fonts.set_sans_serif_family("DejaVu Sans");
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size().to_int_size();
    let mut pixels = tiny_skia::Pixmap::new(size.width() * scale, size.height() * scale)
        .ok_or_else(|| failed("too large".to_owned()))?;
    let transform = tiny_skia::Transform::from_scale(scale as f32, scale as f32);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    pub(super) fn overlaps(texts: &[TextBox]) -> Vec<(String, String)> {
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

    #[test]
    fn no_text_covers_another_or_leaves_the_sheet() {
        for case in fixture::all() {
            let chart = timeline(&case.input()).unwrap();
            assert_eq!(overlaps(&chart.texts), [], "{}", case.title);
            assert!(chart.texts.iter().all(|text| text.left >= 0 && text.right <= WIDTH), "{}", case.title);
        }
    }

    /// Two or two hundred changes, three or sixty hosts: whatever comes, words stay readable.
    #[test]
    fn no_text_covers_another_however_many_changes_there_are() {
        for (n_hosts, n_changes, seed) in [(3, 2, 1), (3, 12, 2), (5, 40, 3), (4, 90, 4), (26, 200, 5), (80, 30, 6)] {
            let case = fixture::many(n_hosts, n_changes, seed);
            let chart = timeline(&case.input()).unwrap();
            assert_eq!(overlaps(&chart.texts), [], "{n_hosts} hosts, {n_changes} changes, seed {seed}");
        }
    }

    #[test]
    fn the_same_input_gives_the_same_picture_and_it_is_well_formed() {
        let case = fixture::abstention();
        let chart = timeline(&case.input()).unwrap();
        assert_eq!(chart.svg, timeline(&case.input()).unwrap().svg);
        assert!(usvg::Tree::from_str(&chart.svg, &usvg::Options::default()).is_ok());
        assert!(chart.svg.contains("<title>Profile disk locked") && !chart.svg.contains("href"));
    }

    #[test]
    fn log_text_cannot_become_markup() {
        let mut case = fixture::one_day();
        case.tables.changes[0].component = crate::model::Name::from("<script>\u{1b}[31m\"&'");
        let chart = timeline(&case.input()).unwrap();
        assert!(!chart.svg.contains("<script") && !chart.svg.contains('\u{1b}'));
        assert!(chart.svg.contains("&lt;script&gt;"));
        assert!(usvg::Tree::from_str(&chart.svg, &usvg::Options::default()).is_ok());
    }

    #[test]
    fn the_picture_has_its_size_and_its_words() {
        let case = fixture::one_day();
        let chart = timeline(&case.input()).unwrap();
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
