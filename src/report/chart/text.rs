//! The font of the picture and how wide its texts are.
//!
//! The font is embedded and no font of the machine is read, so widths, and with them every place of
//! a label, are the same everywhere.

use std::sync::Once;

use plotters::style::{FontStyle, IntoFont, TextStyle, register_font};

/// The family as the SVG names it; viewers without the first take the next.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The size at which widths are measured; large, because they are measured in whole pixels.
const MEASURED_SIZE: f64 = 2_000.0;

/// What the measuring library calls a size is the height from ascender to descender, in em of this font.
///
/// Source: hhea of DejaVu Sans 2.37, (1901 + 483) / 2048.
const SIZE_EM: f64 = 2_384.0 / 2_048.0;

/// Makes the embedded font known to the drawing library. Cheap after the first call.
pub(crate) fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // It fails only for bytes that are no font, and then texts have no width, which a test sees.
        let _ = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
        let _ = register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold());
    });
}

/// Returns the width of a text in pixels at a size in pixels an em, rounded up.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> i32 {
    register();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = TextStyle::from((FAMILY, MEASURED_SIZE, style).into_font()).font;
    let measured = font.box_size(text).map_or(0, |(width, _)| width);
    (f64::from(measured) / MEASURED_SIZE * SIZE_EM * size).ceil() as i32
}

/// Returns the text, cut with `…` where it is wider than `pixels`.
pub(crate) fn fitted(text: &str, pixels: i32, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= pixels {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let cut: String = kept.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&cut, size, bold) <= pixels {
            return cut;
        }
    }
    String::new()
}

/// Breaks a text into at most two lines of at most `pixels`; what does not fit is cut with `…`.
pub(crate) fn two_lines(text: &str, pixels: i32, size: f64, bold: bool) -> Vec<String> {
    if width(text, size, bold) <= pixels {
        return vec![text.to_owned()];
    }
    let words: Vec<&str> = text.split(' ').collect();
    let n_first = (1..=words.len()).rev().find(|n| width(&words[..*n].join(" "), size, bold) <= pixels).unwrap_or(1);
    [words[..n_first].join(" "), words[n_first..].join(" ")]
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| fitted(line, pixels, size, bold))
        .collect()
}

/// Replaces what XML forbids, what would break a line, and what would turn the order of letters around; the drawing
/// library escapes markup.
pub(crate) fn clean(text: &str) -> String {
    let is_harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if is_harmful(c) { ' ' } else { c }).collect()
}

/// Puts a picture in words behind the opening tag of its SVG, for those who cannot see it.
pub(crate) fn described(svg: &str, title: &str, words: &str) -> String {
    let escaped = |text: &str| clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    match svg.split_once(">\n") {
        Some((open, rest)) => {
            format!("{open} role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n{rest}", escaped(title), escaped(words))
        }
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_embedded_font() {
        // hmtx of DejaVu Sans: 'M' is 1767 of 2048 units wide.
        assert_eq!(width("M", 2_048.0, false), 1_767);
        assert!(width("MMMM", 12.0, true) > width("MMMM", 12.0, false));
        assert_eq!(width("", 12.0, false), 0);
    }

    #[test]
    fn nothing_turns_the_order_of_letters_around() {
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{200f}d\ne\u{ffff}"), "a b c d e ");
        assert_eq!(clean("Zürich – 日本"), "Zürich – 日本");
    }

    #[test]
    fn cut_texts_fit() {
        let cut = fitted("Operating system restart", 80, 12.0, false);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 80, "{cut}");
        assert_eq!(fitted("short", 80, 12.0, false), "short");
        let lines = two_lines("one two three four five six", 60, 12.0, false);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| width(line, 12.0, false) <= 60), "{lines:?}");
    }
}
