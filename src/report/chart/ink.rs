//! The inks of all pictures: what a color stands for, and its value on white paper, in the dark and in print.
//!
//! Categories take the colors of Okabe and Ito, which people with any color vision can tell apart;
//! every color comes with a second channel: a shape, a place or a word. Few colors, because a chart
//! in which all is colored points at nothing.
//!
//! Source: Okabe and Ito, Color Universal Design (2008).

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
    (Ink::Paper, "paper", 0xFF_FF_FF, 0x15_1A_20, 0xFF_FF_FF),
    (Ink::Text, "text", 0x1F_29_33, 0xE8_EC_F0, 0x00_00_00),
    (Ink::Quiet, "quiet", 0x5B_66_70, 0x9D_A9_B5, 0x44_44_44),
    (Ink::Grid, "grid", 0xE9_EC_EF, 0x27_2F_38, 0xE4_E4_E4),
    (Ink::Shade, "shade", 0xFD_F1_E6, 0x2C_22_18, 0xF7_F5_F2),
    (Ink::Edge, "edge", 0xF0_C9_A4, 0x6B_4A_2B, 0x99_99_99),
    (Ink::Aside, "aside", 0xF1_F3_F5, 0x1E_25_2D, 0xF7_F7_F7),
    (Ink::Missing, "missing", 0xC4_CA_D0, 0x4D_58_64, 0xAA_AA_AA),
    (Ink::Guilty, "guilty", 0xD5_5E_00, 0xFF_8A_3D, 0xA8_3C_00),
    (Ink::Contributing, "contributing", 0xE6_9F_00, 0xF0_B4_2E, 0xC9_86_00),
    (Ink::Acquitted, "acquitted", 0x6B_75_80, 0x93_A0_AC, 0x5A_5A_5A),
    (Ink::Unproven, "unproven", 0xCC_79_A7, 0xDB_93_BC, 0xA8_5A_86),
    (Ink::Remedy, "remedy", 0x00_9E_73, 0x2C_C3_96, 0x00_6B_4E),
    (Ink::Third, "third", 0xCC_79_A7, 0xDB_93_BC, 0xA8_5A_86),
    (Ink::Other, "other", 0x8A_94_9E, 0x7C_88_94, 0x8A_8A_8A),
    (Ink::Share, "share", 0x4A_55_60, 0xA9_B5_C1, 0x55_55_55),
    (Ink::Arriving, "arriving", 0x9C_D0_F0, 0x2B_5F_88, 0xC2_D9_E8),
    (Ink::Open, "open", 0x00_72_B2, 0x5B_B8_F0, 0x00_4A_78),
    (Ink::Unclosed, "unclosed", 0xB8_5C_8E, 0xCC_78_A8, 0x8E_3F_6B),
    (Ink::Calm, "calm", 0xE9_EE_F2, 0x25_2D_36, 0xEF_EF_EF),
    (Ink::Heat(0), "heat-0", 0xF8_C9_94, 0x5C_3B_1F, 0xE3_CB_AE),
    (Ink::Heat(1), "heat-1", 0xEE_97_48, 0x9C_57_1C, 0xCC_93_58),
    (Ink::Heat(2), "heat-2", 0xD5_5E_00, 0xE8_7D_25, 0x9C_4B_0A),
    (Ink::Heat(3), "heat-3", 0x8A_34_00, 0xFF_C2_8A, 0x46_1A_00),
];

/// The red and green parts of the colors that stand for custom properties until they are written; the blue part is the row.
const TOKEN: u32 = 0xC0_DE_00;

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
    INKS.iter()
        .map(|(ink, name, ..)| {
            let (red, green, blue) = ink.rgb(theme);
            format!("--ink-{name}:#{red:02X}{green:02X}{blue:02X};")
        })
        .collect()
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
