//! Small things that formats of servers share.

use std::borrow::Cow;

use crate::read::Fields;

/// Returns the named values that are there.
pub(super) fn named<'t>(values: &[(&'static str, Option<&'t str>)]) -> Fields<'t> {
    let filled = values.iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    filled.map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(value))).collect()
}

/// What stands between two marks; to the end where the second is not there.
pub(super) fn between<'t>(text: &'t str, before: &str, after: &[char]) -> Option<&'t str> {
    let at = memchr::memmem::find(text.as_bytes(), before.as_bytes())?;
    let rest = &text[at + before.len()..];
    Some(&rest[..rest.find(after).unwrap_or(rest.len())])
}

/// An address without its port: `10.0.0.7:4711`, `[::1]:4711`.
pub(super) fn without_port(address: &str) -> &str {
    if let Some(inner) = address.strip_prefix('[') {
        return inner.split(']').next().unwrap_or(inner);
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => address,
    }
}

/// `H:MM:SS.mmm` in milliseconds, as a value that says its unit.
pub(super) fn clock_time_ms(text: &str) -> Option<String> {
    let mut parts = text.trim().splitn(3, ':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds: f64 = seconds.parse().ok().filter(|s| (0.0..61.0).contains(s))?;
    let ms = (f64::from(hours) * 3_600.0 + f64::from(minutes) * 60.0 + seconds) * 1e3;
    Some(format!("{ms:.0}ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_times() {
        assert_eq!(without_port("10.0.0.7:4711"), "10.0.0.7");
        assert_eq!(without_port("[fe80::1]:4711"), "fe80::1");
        assert_eq!(without_port("fe80::1"), "fe80::1");
        assert_eq!(clock_time_ms("0:01:02.500").as_deref(), Some("62500ms"));
        assert_eq!(clock_time_ms("0:01"), None);
        assert_eq!(between("user 'a' at", "user '", &['\'']), Some("a"));
    }
}
