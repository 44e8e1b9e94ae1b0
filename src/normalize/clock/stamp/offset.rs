//! What stands behind a time of day and says how far its clock is ahead of UTC.

use super::scan::Scan;

/// Abbreviations of zones that mean one offset only, and that offset in minutes.
///
/// One offset in all zones of the zone table since 2000; a test holds it. Not read: those that several
/// zones share with different offsets ([`SHARED`]), and words that logs use for other things.
const ABBREVIATIONS: &[(&[u8], i32)] = &[
    (b"UTC", 0),
    (b"GMT", 0),
    (b"WET", 0),
    (b"WEST", 60),
    (b"BST", 60),
    (b"CET", 60),
    (b"CEST", 120),
    (b"MEZ", 60),
    (b"MESZ", 120),
    (b"EET", 120),
    (b"EEST", 180),
    (b"SAST", 120),
    (b"PKT", 300),
    (b"WIB", 420),
    (b"WITA", 480),
    (b"HKT", 480),
    (b"JST", 540),
    (b"AWST", 480),
    (b"ACST", 570),
    (b"ACDT", 630),
    (b"AEST", 600),
    (b"AEDT", 660),
    (b"NZST", 720),
    (b"NZDT", 780),
    (b"EST", -300),
    (b"EDT", -240),
    (b"MST", -420),
    (b"MDT", -360),
    (b"PDT", -420),
    (b"AKST", -540),
    (b"AKDT", -480),
    (b"HST", -600),
];

/// Abbreviations that several zones share with different offsets: China and Chicago both write `CST`.
const SHARED: &[&[u8]] = &[b"CST", b"CDT", b"PST", b"IST"];

/// What stood behind a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Behind {
    /// Seconds that the clock is ahead of UTC.
    pub(super) offset_s: Option<i32>,
    /// Whether a zone is named whose name does not tell the offset.
    pub(super) is_shared_name: bool,
}

impl Behind {
    fn seconds(offset_s: i32) -> Self {
        Self { offset_s: Some(offset_s), is_shared_name: false }
    }
}

impl Scan<'_> {
    /// `Z`, `+02:00`, `+02`, ` +0200`, ` UTC`, ` CEST`, ` GMT+2`, `+02:00[Europe/Zurich]`; steps over it.
    #[inline]
    pub(super) fn offset(&mut self) -> Behind {
        match self.peek() {
            Some(b'Z') => {
                self.at += 1;
                Behind::seconds(0)
            }
            Some(b'+' | b'-') => self.signed(false),
            Some(b' ') => self.behind_blank(),
            Some(b'A'..=b'Y') => self.zone_name(),
            _ => Behind::default(),
        }
    }

    fn behind_blank(&mut self) -> Behind {
        let mut scan = Self { at: self.at + 1, ..*self };
        let found = match scan.peek() {
            Some(b'+' | b'-') => scan.signed(true),
            Some(b'A'..=b'Y') => scan.zone_name(),
            Some(b'Z') => {
                scan.at += 1;
                if scan.ends() { Behind::seconds(0) } else { Behind::default() }
            }
            _ => Behind::default(),
        };
        if found != Behind::default() {
            self.at = scan.at;
        }
        found
    }

    /// A sign with hours and minutes. Behind a blank both must be there: `- 5 users` is no offset.
    fn signed(&mut self, is_apart: bool) -> Behind {
        let mut scan = *self;
        let sign = if scan.peek() == Some(b'-') { -1 } else { 1 };
        scan.at += 1;
        let Some((hours, _)) = scan.number(2, 2) else { return Behind::default() };
        let has_colon = scan.eat(b':');
        let minutes = match scan.number(2, 2) {
            Some((minutes, _)) => minutes,
            None if has_colon || is_apart => return Behind::default(),
            None => 0,
        };
        if hours > 15 || minutes > 59 || !scan.ends() {
            return Behind::default();
        }
        // Java names the zone as well: `+02:00[Europe/Zurich]`.
        if scan.peek() == Some(b'[') {
            let rest = scan.rest();
            let len = rest.iter().take(40).position(|b| *b == b']').unwrap_or(0);
            let inner = rest.get(1..len).unwrap_or(&[]);
            let is_letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
            if inner.contains(&b'/') && inner[0].is_ascii_uppercase() && inner.iter().all(is_letter) {
                scan.at += len + 1;
            }
        }
        self.at = scan.at;
        Behind::seconds(sign * (hours as i32 * 3_600 + minutes as i32 * 60))
    }

    /// A zone's abbreviation, in capitals.
    pub(super) fn zone_name(&mut self) -> Behind {
        let rest = self.rest();
        let len = rest.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count();
        let name = &rest[..len];
        let mut scan = Self { at: self.at + len, ..*self };
        let Some((_, minutes)) = ABBREVIATIONS.iter().find(|(own, _)| *own == name) else {
            if SHARED.contains(&name) && scan.ends() {
                self.at = scan.at;
                return Behind { offset_s: None, is_shared_name: true };
            }
            return Behind::default();
        };
        // `GMT+2` and `UTC-0700` say how far from it.
        let mut offset_s = minutes * 60;
        if *minutes == 0 && matches!(scan.peek(), Some(b'+' | b'-')) {
            let sign = if scan.peek() == Some(b'-') { -1 } else { 1 };
            let mut signed = scan;
            let full = signed.signed(false);
            if let Some(seconds) = full.offset_s {
                (offset_s, scan) = (seconds, signed);
            } else {
                scan.at += 1;
                match scan.number(1, 1) {
                    Some((hours, _)) if scan.ends() => offset_s = sign * hours as i32 * 3_600,
                    _ => return Behind::default(),
                }
            }
        }
        if !scan.ends() {
            return Behind::default();
        }
        self.at = scan.at;
        Behind::seconds(offset_s)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::normalize::clock::WINDOWS_ZONES;

    /// All offsets, in minutes, that an abbreviation stands for in the zone table since 2000.
    fn in_the_zone_table() -> BTreeMap<String, BTreeSet<i32>> {
        let mut found: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        for name in jiff::tz::db().available() {
            // These are abbreviations themselves, kept for old programs.
            if !name.as_str().contains('/') {
                continue;
            }
            let zone = jiff::tz::TimeZone::get(name.as_str()).unwrap();
            for quarter in 0..27 * 4 {
                let at = jiff::Timestamp::from_second(946_684_800 + quarter * 7_889_400).unwrap();
                let info = zone.to_offset_info(at);
                found.entry(info.abbreviation().to_owned()).or_default().insert(info.offset().seconds() / 60);
            }
        }
        found
    }

    #[test]
    fn each_abbreviation_that_is_read_means_one_offset_in_the_zone_table() {
        let table = in_the_zone_table();
        assert!(table.len() > 50 && !WINDOWS_ZONES.is_empty());
        for (name, minutes) in ABBREVIATIONS {
            let name = std::str::from_utf8(name).unwrap();
            // German names of Central European Time are none of the table's.
            if name.starts_with("ME") {
                continue;
            }
            let known = &table[name];
            assert_eq!(known.iter().collect::<Vec<_>>(), [minutes], "{name}");
        }
        for name in SHARED {
            let name = std::str::from_utf8(name).unwrap();
            assert!(table[name].len() > 1, "{name} is clear: {:?}", table[name]);
        }
    }
}
