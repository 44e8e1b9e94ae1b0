//! The inks of all pictures: what a color stands for, and its value on white paper, in the dark and in print.
//!
//! Categories take the colors of Okabe and Ito, which people with any color vision can tell apart;
//! every color comes with a second channel: a shape, a place or a word. Few colors, because a chart
//! in which all is colored points at nothing.
//!
//! Source: Okabe and Ito, Color Universal Design (2008).

use std::fmt::Write as _;

/// What the picture is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Theme {
    /// White paper on a screen.
    #[default]
    Light,
    /// A dark screen.
    Dark,
    /// Paper: no large areas of ink, and every step can be told in grayscale.
    Print,
    /// Inside a page whose stylesheet says the colors: each is a custom property, see [`stylesheet`].
    Page,
}

/// What a color stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ink {
    /// Paper.
    Paper,
    /// Text.
    Text,
    /// Text of less weight.
    Quiet,
    /// Lines of the grid.
    Grid,
    /// The span of the incident.
    Shade,
    /// The edges of that span.
    Edge,
    /// The span of a further incident.
    Aside,
    /// Hatching of what no source covers.
    Missing,
    /// The guilty change, and the failures of its signature.
    Guilty,
    /// A change that contributes; failures of the second signature.
    Contributing,
    /// A change that is innocent.
    Acquitted,
    /// A change of which nothing is proven.
    Unproven,
    /// What ended it.
    Remedy,
    /// Failures of the third signature.
    Third,
    /// Failures of further signatures.
    Other,
    /// The share of attempts that failed.
    Share,
    /// People arriving.
    Arriving,
    /// Sessions open.
    Open,
    /// Sessions that did not close.
    Unclosed,
    /// A tile in which attempts were made and none failed.
    Calm,
    /// Tiles by the share that failed, from little to much: 0 to 3.
    Heat(u8),
}

/// One ink: the name of its custom property, and its values in light, dark and print.
type Row = (Ink, &'static str, u32, u32, u32);

/// All inks. The ramp of heat runs away from the paper in each theme: more is darker on white and brighter in the dark.
const INKS: [Row; 24] = [
    (Ink::Paper, "paper", 0x00FF_FFFF, 0x0015_1A20, 0x00FF_FFFF),
    (Ink::Text, "text", 0x001F_2933, 0x00E8_ECF0, 0x0000_0000),
    (Ink::Quiet, "quiet", 0x005B_6670, 0x009D_A9B5, 0x0044_4444),
    (Ink::Grid, "grid", 0x00E9_ECEF, 0x0027_2F38, 0x00E4_E4E4),
    (Ink::Shade, "shade", 0x00FD_F1E6, 0x002C_2218, 0x00F7_F5F2),
    (Ink::Edge, "edge", 0x00F0_C9A4, 0x006B_4A2B, 0x0099_9999),
    (Ink::Aside, "aside", 0x00F1_F3F5, 0x001E_252D, 0x00F7_F7F7),
    (Ink::Missing, "missing", 0x00C4_CAD0, 0x004D_5864, 0x00AA_AAAA),
    (Ink::Guilty, "guilty", 0x00D5_5E00, 0x00FF_8A3D, 0x00A8_3C00),
    (Ink::Contributing, "contributing", 0x00E6_9F00, 0x00F0_B42E, 0x00C9_8600),
    (Ink::Acquitted, "acquitted", 0x006B_7580, 0x0093_A0AC, 0x005A_5A5A),
    (Ink::Unproven, "unproven", 0x00CC_79A7, 0x00DB_93BC, 0x00A8_5A86),
    (Ink::Remedy, "remedy", 0x0000_9E73, 0x002C_C396, 0x0000_6B4E),
    (Ink::Third, "third", 0x00CC_79A7, 0x00DB_93BC, 0x00A8_5A86),
    (Ink::Other, "other", 0x008A_949E, 0x007C_8894, 0x008A_8A8A),
    (Ink::Share, "share", 0x004A_5560, 0x00A9_B5C1, 0x0055_5555),
    (Ink::Arriving, "arriving", 0x009C_D0F0, 0x002B_5F88, 0x00C2_D9E8),
    (Ink::Open, "open", 0x0000_72B2, 0x005B_B8F0, 0x0000_4A78),
    (Ink::Unclosed, "unclosed", 0x00B8_5C8E, 0x00CC_78A8, 0x008E_3F6B),
    (Ink::Calm, "calm", 0x00E9_EEF2, 0x0025_2D36, 0x00EF_EFEF),
    (Ink::Heat(0), "heat-0", 0x00F8_C994, 0x005C_3B1F, 0x00E3_CBAE),
    (Ink::Heat(1), "heat-1", 0x00EE_9748, 0x009C_571C, 0x00CC_9358),
    (Ink::Heat(2), "heat-2", 0x00D5_5E00, 0x00E8_7D25, 0x009C_4B0A),
    (Ink::Heat(3), "heat-3", 0x008A_3400, 0x00FF_C28A, 0x0046_1A00),
];

/// The red and green parts of the colors that stand for custom properties until they are written; the blue part is the row.
const TOKEN: u32 = 0x00C0_DE00;

impl Ink {
    fn place(self) -> usize {
        let known = match self {
            Self::Heat(step) => Self::Heat(step.min(3)),
            other => other,
        };
        INKS.iter().position(|row| row.0 == known).unwrap_or(0)
    }

    /// Red, green and blue.
    pub(crate) fn rgb(self, theme: Theme) -> (u8, u8, u8) {
        let place = self.place();
        let value = match theme {
            Theme::Light => INKS[place].2,
            Theme::Dark => INKS[place].3,
            Theme::Print => INKS[place].4,
            Theme::Page => TOKEN | place as u32,
        };
        let [_, red, green, blue] = value.to_be_bytes();
        (red, green, blue)
    }
}

/// Returns the custom properties of all inks in one theme: `--ink-paper:#FFFFFF;--ink-text:…`. Empty for [`Theme::Page`].
pub fn properties(theme: Theme) -> String {
    if theme == Theme::Page {
        return String::new();
    }
    let mut declared = String::new();
    for (ink, name, ..) in &INKS {
        let (red, green, blue) = ink.rgb(theme);
        let _ = write!(declared, "--ink-{name}:#{red:02X}{green:02X}{blue:02X};");
    }
    declared
}

/// Returns the stylesheet of a page that holds pictures drawn for [`Theme::Page`]: light, dark where the reader's
/// system is, and print, whatever the system is.
pub fn stylesheet() -> String {
    format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n@media print{{:root{{{}}}}}\n",
        properties(Theme::Light),
        properties(Theme::Dark),
        properties(Theme::Print)
    )
}

/// Puts custom properties in the place of the colors that stand for them; in tags only, so that a text which looks like a
/// color stays as it is.
pub(crate) fn with_properties(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() + svg.len() / 4);
    for piece in svg.split_inclusive('>') {
        let (text, mut tag) = piece.find('<').map_or((piece, ""), |at| piece.split_at(at));
        out.push_str(text);
        while let Some((before, name, after)) = next_token(tag) {
            out.push_str(before);
            out.push_str("var(--ink-");
            out.push_str(name);
            out.push(')');
            tag = after;
        }
        out.push_str(tag);
    }
    out
}

/// The first token of a tag: what stands before it, the name of its ink, what stands behind it.
fn next_token(tag: &str) -> Option<(&str, &'static str, &str)> {
    let (before, rest) = tag.split_at(tag.find("\"#C0DE")? + 1);
    let place = usize::from_str_radix(rest.get(5..7)?, 16).ok()?;
    Some((before, INKS.get(place)?.1, rest.get(7..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn luminance(ink: Ink, theme: Theme) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let (red, green, blue) = ink.rgb(theme);
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }

    fn contrast(a: Ink, b: Ink, theme: Theme) -> f64 {
        let (a, b) = (luminance(a, theme), luminance(b, theme));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    const THEMES: [Theme; 3] = [Theme::Light, Theme::Dark, Theme::Print];

    #[test]
    fn text_can_be_read_on_paper_and_on_the_shade_in_every_theme() {
        for theme in THEMES {
            for ground in [Ink::Paper, Ink::Shade] {
                assert!(contrast(Ink::Text, ground, theme) >= 7.0, "{theme:?}");
                assert!(contrast(Ink::Quiet, ground, theme) >= 4.5, "{theme:?}");
                for ink in [Ink::Guilty, Ink::Acquitted, Ink::Remedy, Ink::Open, Ink::Share, Ink::Unclosed] {
                    assert!(contrast(ink, ground, theme) >= 3.0, "{ink:?} {theme:?}");
                }
            }
        }
    }

    /// What color vision and a printer without colors leave: every step of the ramp is further from the paper than the last.
    #[test]
    fn the_ramp_can_be_told_in_grayscale() {
        for theme in THEMES {
            let ramp = [Ink::Calm, Ink::Heat(0), Ink::Heat(1), Ink::Heat(2), Ink::Heat(3)];
            let far: Vec<f64> = ramp.iter().map(|ink| contrast(*ink, Ink::Paper, theme)).collect();
            assert!(far.windows(2).all(|pair| pair[1] / pair[0] >= 1.22), "{theme:?} {far:?}");
            assert!(far[0] > 1.1, "{theme:?}: a calm tile is no paper");
        }
    }

    #[test]
    fn every_ink_has_its_row_and_every_theme_its_values() {
        let mut names: Vec<&str> = INKS.iter().map(|row| row.1).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), INKS.len());
        assert!(INKS.iter().enumerate().all(|(idx, row)| row.0.place() == idx));
        assert_eq!(Ink::Heat(9).rgb(Theme::Light), Ink::Heat(3).rgb(Theme::Light));
        let sheet = stylesheet();
        assert!(sheet.starts_with(":root{--ink-paper:#FFFFFF;--ink-text:#1F2933;"), "{sheet}");
        assert_eq!(sheet.matches("--ink-heat-3:").count(), 3);
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
        assert!(sheet.find("dark") < sheet.find("print"), "print comes last, so that it holds on a dark system too");
    }

    #[test]
    fn tokens_become_properties_in_tags_and_nowhere_else() {
        let svg =
            "<rect fill=\"#C0DE00\" stroke=\"#C0DE08\"/>\n<text fill=\"#C0DE01\">\n\"#C0DE02 fill=#C0DEZZ\n</text>";
        let wanted = "<rect fill=\"var(--ink-paper)\" stroke=\"var(--ink-guilty)\"/>\n\
            <text fill=\"var(--ink-text)\">\n\"#C0DE02 fill=#C0DEZZ\n</text>";
        assert_eq!(with_properties(svg), wanted);
        for odd in ["", "<", ">", "<a b=\"#C0DE", "<a b=\"#C0DEFF\"/>", "<a b=\"#C0DEé\"/>"] {
            assert_eq!(with_properties(odd), odd);
        }
    }
}
