//! One host is one host and one account one account, however a log spells them.

/// Returns the short name of a host in upper case: `rds01.corp.example` and `RDS01` are one.
///
/// An IP address is kept whole. Leading backslashes and surrounding blanks go. Empty in, empty out.
pub fn canonical_host(name: &str) -> String {
    let name = name.trim().trim_start_matches('\\');
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name.to_owned();
    }
    let short = name.split('.').next().unwrap_or(name);
    short.to_uppercase()
}

/// Returns the bare account in lower case: `CORP\Anna`, `anna@corp.example` and `ANNA` are one.
///
/// `None` for nobody: empty, `-`, `SYSTEM`, the service accounts, window managers (`DWM-1`,
/// `UMFD-0`) and computer accounts, which end in `$`.
pub fn canonical_user(name: &str) -> Option<String> {
    let name = name.trim();
    let bare = name.rsplit(['\\', '/']).next().unwrap_or(name);
    let bare = bare.split('@').next().unwrap_or(bare).to_lowercase();
    let nobody = bare.is_empty()
        || bare == "-"
        || bare.ends_with('$')
        || bare.starts_with("dwm-")
        || bare.starts_with("umfd-")
        || matches!(
            bare.as_str(),
            "system" | "local service" | "network service" | "anonymous logon" | "iusr" | "n/a" | "(null)"
        );
    (!nobody).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_name() {
        for spelling in ["rds01", "RDS01", "rds01.corp.example", "\\\\RDS01"] {
            assert_eq!(canonical_host(spelling), "RDS01", "{spelling}");
        }
        assert_eq!(canonical_host("10.1.2.3"), "10.1.2.3");
    }

    #[test]
    fn an_account_has_one_name_and_machines_have_none() {
        for spelling in ["CORP\\Anna", "anna@corp.example", "ANNA", " corp/anna "] {
            assert_eq!(canonical_user(spelling).as_deref(), Some("anna"), "{spelling}");
        }
        for nobody in ["", "-", "RDS01$", "CORP\\RDS01$", "DWM-3", "SYSTEM", "NT AUTHORITY\\SYSTEM"] {
            assert_eq!(canonical_user(nobody), None, "{nobody}");
        }
    }
}
