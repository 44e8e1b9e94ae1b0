//! The calibration curve as a picture: what was said against how often it was right.

use std::fmt::Write;

use causeline::stats::proportion_interval;

use crate::score::bins;

const LEFT: f64 = 80.0;
const TOP: f64 = 56.0;
const SIDE_X: f64 = 530.0;
const SIDE_Y: f64 = 350.0;

fn x(p: f64) -> f64 {
    LEFT + SIDE_X * p
}

fn y(share: f64) -> f64 {
    TOP + SIDE_Y * (1.0 - share)
}

/// One series: name, colour (of Okabe and Ito), how far its marks stand beside their place so that bars do not cover each
/// other, and what was said.
pub(crate) type Series<'a> = (&'a str, &'a str, f64, &'a [(f64, bool)]);

/// The picture, 640 by 480: the diagonal of a perfect forecaster, a point a bin with its 95 % interval.
pub(crate) fn svg(series: &[Series<'_>]) -> String {
    let mut text = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"480\" viewBox=\"0 0 640 480\" \
        font-family=\"sans-serif\" font-size=\"13\">\n\
        <title>Calibration of verdicts on simulated incidents</title>\n\
        <rect width=\"640\" height=\"480\" fill=\"#ffffff\"/>\n",
    );
    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"30\" font-size=\"16\">How often a cause was right, by the probability given to it</text>"
    );
    for step in 0..=5 {
        let p = f64::from(step) / 5.0;
        let (at_x, at_y, end_x, end_y) = (x(p), y(p), x(1.0), y(0.0));
        let _ =
            writeln!(text, "<path d=\"M{at_x:.1} {TOP}V{end_y:.1}M{LEFT} {at_y:.1}H{end_x:.1}\" stroke=\"#dddddd\"/>");
        let _ = writeln!(text, "<text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{p:.1}</text>", end_y + 18.0);
        let _ =
            writeln!(text, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{p:.1}</text>", LEFT - 8.0, at_y + 4.5);
    }
    let (middle_x, middle_y) = (x(0.5), y(0.5));
    let _ = writeln!(
        text,
        "<text x=\"{middle_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">probability said</text>",
        y(0.0) + 38.0
    );
    let _ = writeln!(
        text,
        "<text transform=\"translate(30 {middle_y:.1}) rotate(-90)\" text-anchor=\"middle\">share that was right</text>"
    );
    let _ = writeln!(
        text,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#777777\" stroke-dasharray=\"6 4\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    for (place, (name, colour, beside, said)) in series.iter().filter(|one| !one.3.is_empty()).enumerate() {
        points(&mut text, colour, *beside, said);
        let at_x = LEFT + 265.0 * place as f64;
        let label = format!("{name} (n = {})", said.len());
        let _ = writeln!(text, "<circle cx=\"{:.1}\" cy=\"464\" r=\"5\" fill=\"{colour}\"/>", at_x + 5.0);
        let _ = writeln!(text, "<text x=\"{:.1}\" y=\"468.5\">{label}</text>", at_x + 16.0);
    }
    text + "</svg>\n"
}

fn points(text: &mut String, colour: &str, beside: f64, said: &[(f64, bool)]) {
    for bin in bins(said).iter().filter(|bin| bin.n > 0) {
        let n = bin.n as f64;
        let (lower, upper) = proportion_interval(bin.n_right, bin.n);
        let (at_x, at_y) = (x(bin.said / n) + beside, y(bin.n_right as f64 / n));
        let (low_y, high_y) = (y(lower), y(upper));
        let _ = writeln!(
            text,
            "<path d=\"M{at_x:.1} {low_y:.1}V{high_y:.1}M{:.1} {low_y:.1}h8M{:.1} {high_y:.1}h8\" stroke=\"{colour}\" stroke-width=\"1.5\" fill=\"none\"/>",
            at_x - 4.0,
            at_x - 4.0
        );
        let _ = writeln!(text, "<circle cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"5\" fill=\"{colour}\"/>");
    }
}
