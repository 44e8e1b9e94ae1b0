//! Parts of the texts that some providers write instead of named fields.
//!
//! FSLogix puts account, SID, session and error into one English text; SQL Server puts login, reason
//! and client into another; VHDMP names a person only in the path of the disk. Labels are found
//! without regard to case, and only at the beginning of a word.

use std::borrow::Cow;

/// What to take out of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextPart {
    /// The account behind `User:` or `LoadProfile:`.
    User,
    /// The first SID of an account of a domain.
    Sid,
    /// The number behind `SessionId:`.
    Session,
    /// The hexadecimal code behind `Error:`, `ErrorCode:` or `FrxStatus:`, with `0x` before it.
    Error,
    /// The version behind `Version:`.
    Version,
    /// The milliseconds behind `LoadTime:` or `time:`.
    Milliseconds,
    /// The account in the path of a profile disk: `<SID>_<user>`, `<user>_<SID>` or `Profile_<user>.vhdx`.
    PathUser,
    /// The words before ` Reason:` (the login of SQL Server's refusal).
    BeforeReason,
    /// The address behind `CLIENT:`.
    Client,
    /// The words between `Product:` and ` --` (Windows Installer).
    Product,
    /// What stands before ` - ` or the end, behind `Application:` (.NET Runtime).
    Application,
}

impl TextPart {
    /// Reads the name that the catalog uses.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let part = match name {
            "user" => Self::User,
            "sid" => Self::Sid,
            "session" => Self::Session,
            "error" => Self::Error,
            "version" => Self::Version,
            "milliseconds" => Self::Milliseconds,
            "path-user" => Self::PathUser,
            "before-reason" => Self::BeforeReason,
            "client" => Self::Client,
            "product" => Self::Product,
            "application" => Self::Application,
            _ => return None,
        };
        Some(part)
    }

    /// Takes the part out of `text`; `None` if it is not there.
    pub(crate) fn of(self, text: &str) -> Option<Cow<'_, str>> {
        let found = match self {
            Self::User => account(behind(text, "user:").or_else(|| behind(text, "loadprofile:"))?),
            Self::Sid => sid(text)?.0,
            Self::Session => digits(behind(text, "sessionid:")?)?,
            Self::Error => return error(text).map(Cow::Owned),
            Self::Version => version(behind(text, "version:")?)?,
            Self::Milliseconds => digits(behind(text, "loadtime:").or_else(|| behind(text, "time:"))?)?,
            Self::PathUser => path_user(text)?,
            Self::BeforeReason => {
                let end = find(text, "reason:")?;
                text.get(..end)?.trim().trim_end_matches([',', '.'])
            }
            Self::Client => behind(text, "client:")?.split(']').next()?.trim(),
            Self::Product => behind(text, "product:")?.split(" --").next()?.trim(),
            Self::Application => behind(text, "application:")?.lines().next()?.trim(),
        };
        (!found.is_empty()).then_some(Cow::Borrowed(found))
    }
}

/// Finds `label` (lower case) at the beginning of a word, without regard to the case of ASCII letters.
fn find(text: &str, label: &str) -> Option<usize> {
    let (text, label) = (text.as_bytes(), label.as_bytes());
    let mut from = 0;
    while let Some(window) = text.get(from..from + label.len()) {
        let begins_word = from == 0 || !text[from - 1].is_ascii_alphanumeric();
        if begins_word && window.eq_ignore_ascii_case(label) {
            return Some(from);
        }
        from += 1;
    }
    None
}

/// Returns what follows the label, without leading blanks.
fn behind<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let at = find(text, label)?;
    text.get(at + label.len()..).map(str::trim_start)
}

/// Cuts an account from the beginning of `text`: up to the next label, else up to a blank.
fn account(text: &str) -> &str {
    let line = text.lines().next().unwrap_or("");
    let next =
        [" sid:", " sid=", ". sid", " sessionid:", ", sid"].iter().filter_map(|label| position(line, label)).min();
    let end = next.unwrap_or_else(|| line.find([' ', ',', '(']).unwrap_or(line.len()));
    line.get(..end).unwrap_or(line).trim().trim_end_matches(['.', ','])
}

/// Finds `needle` (lower case) anywhere, without regard to the case of ASCII letters.
fn position(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes().windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

/// Returns the first SID of a domain's or a directory's account, and where it begins.
fn sid(text: &str) -> Option<(&str, usize)> {
    let at = ["S-1-5-21-", "S-1-12-1-"].iter().filter_map(|begin| text.find(begin)).min()?;
    let rest = text.get(at..)?;
    let end = rest.find(|c: char| c != 'S' && c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((rest.get(..end)?.trim_end_matches('-'), at))
}

/// Returns the leading decimal digits.
fn digits(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.get(..end))?
}

/// Returns the leading version: digits and points, ending with a digit.
fn version(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let version = text.get(..end)?.trim_end_matches('.');
    (!version.is_empty()).then_some(version)
}

/// Returns the error code. The texts write it in hexadecimal without prefix, except `FrxStatus`.
fn error(text: &str) -> Option<String> {
    for label in ["error:", "errorcode:", "error code:"] {
        if let Some(rest) = behind(text, label) {
            let rest = rest.strip_prefix("0x").unwrap_or(rest);
            let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            // Shorter runs are words ("Error: Access denied"), not codes.
            if end == 8 {
                return Some(format!("0x{}", rest.get(..end)?));
            }
        }
    }
    behind(text, "frxstatus:").and_then(digits).map(str::to_owned)
}

/// Returns the account that the path of a profile disk names.
fn path_user(path: &str) -> Option<&str> {
    let (folders, file) = path.rsplit_once(['\\', '/']).unwrap_or(("", path));
    for folder in folders.split(['\\', '/']) {
        if let Some((sid, at)) = sid(folder) {
            let before = folder.get(..at)?.trim_end_matches('_');
            let after = folder.get(at + sid.len()..)?.trim_start_matches('_');
            let user = if before.is_empty() { after } else { before };
            if !user.is_empty() {
                return Some(user);
            }
        }
    }
    let stem = file.rsplit_once('.')?.0;
    ["Profile_", "ODFC_"].iter().find_map(|begin| stem.strip_prefix(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: TextPart, text: &str, expected: Option<&str>) {
        assert_eq!(part.of(text).as_deref(), expected, "{part:?} of {text}");
    }

    const ATTACH: &str = "Failed to attach VHD: \\\\nas\\profiles$\\S-1-5-21-1-2-3-2144_user007\\Profile_user007.vhdx \
                          User: user007 SID: S-1-5-21-1-2-3-2144 SessionId: 22 Error: 00000020 (Le fichier est utilise)";
    const LOAD: &str = "Profile Load:  User: first.last. SID: S-1-5-21-1-2-3-44. SessionId: 5. LoadTime: 1490 ms";

    #[test]
    fn account_sid_session_and_error_come_out_of_one_text() {
        check(TextPart::User, ATTACH, Some("user007"));
        check(TextPart::Sid, ATTACH, Some("S-1-5-21-1-2-3-2144"));
        check(TextPart::Session, ATTACH, Some("22"));
        check(TextPart::Error, ATTACH, Some("0x00000020"));
        check(TextPart::PathUser, ATTACH, Some("user007"));
        check(TextPart::User, LOAD, Some("first.last"));
        check(TextPart::Session, LOAD, Some("5"));
        check(TextPart::Milliseconds, LOAD, Some("1490"));
        check(TextPart::Error, LOAD, None);
    }

    #[test]
    fn a_failure_that_names_its_component_gives_the_version() {
        let text = "LoadProfile failed. Version: 2.9.8308.44092 User: user001. SID: S-1-5-21-1-2-3-4. SessionId: 11. FrxStatus: 31";
        check(TextPart::Version, text, Some("2.9.8308.44092"));
        check(TextPart::User, text, Some("user001"));
        check(TextPart::Error, text, Some("31"));
    }

    #[test]
    fn a_disk_path_names_its_owner_in_either_order() {
        check(TextPart::PathUser, "\\\\fs\\p$\\S-1-5-21-1-2-3-4_user001\\Profile_user001.vhdx", Some("user001"));
        check(TextPart::PathUser, "\\\\fs\\p$\\user001_S-1-5-21-1-2-3-4\\Profile_user001.vhdx", Some("user001"));
        check(
            TextPart::PathUser,
            "\\\\fs\\p$\\S-1-5-21-1-2-3-4_first.last\\Profile_first.last.vhdx",
            Some("first.last"),
        );
        check(TextPart::PathUser, "D:\\disks\\Profile_user002.vhd", Some("user002"));
        check(TextPart::PathUser, "D:\\backup\\machine.vhdx", None);
    }

    #[test]
    fn labels_begin_a_word_and_words_are_no_codes() {
        check(TextPart::User, "CurrentUser: user001", None);
        check(TextPart::Error, "Error: Access denied", None);
        check(TextPart::Session, "SessionId: none", None);
        check(TextPart::User, "User: ", None);
        check(TextPart::User, "ünïcödé User: ", None);
    }

    #[test]
    fn the_other_texts() {
        let sql = "app_user,  Reason: Password did not match.  [CLIENT: 10.1.2.3]";
        check(TextPart::BeforeReason, sql, Some("app_user"));
        check(TextPart::Client, sql, Some("10.1.2.3"));
        check(TextPart::Product, "Product: Some Reader -- Installation completed successfully.", Some("Some Reader"));
        check(TextPart::Application, "Application: Client.exe\nFramework Version: v4", Some("Client.exe"));
    }
}
