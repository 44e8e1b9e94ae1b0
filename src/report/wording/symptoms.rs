//! Signatures that always come together, in a sentence each.

use std::collections::BTreeSet;

use super::number;
use crate::correlate::SymptomChain;
use crate::correlate::symptoms::Link;
use crate::model::Name;
use crate::report::input::Input;

/// Returns the name of a signature, or of a witness of a close that did not complete.
pub fn name<'b>(input: &Input<'b>, id: &'b str) -> &'b str {
    match id {
        "lsm-36" | "lsm-37" => "session manager: illegal move of a session",
        "lsm-44" => "session manager: subsystem slow to disconnect",
        "lsm-45" => "session manager: subsystem slow to terminate",
        "lsm-52" | "lsm-53" => "session manager: connection slow to disconnect",
        "fslogix-close-incomplete" => "FSLogix: profile not given back",
        "fslogix-unload-unfinished" => "FSLogix: unload begun and not finished",
        "profile-unload-unfinished" => "profile service: unload begun and not finished",
        "profile-not-freed" => "profile service: registry of the profile not freed",
        "profile-disk-not-released" => "user profile disk not released",
        "disk-not-detached" => "profile disk attached and not detached",
        "disk-not-released" => "profile disk not released",
        "file-close-failed" => "close of a file on the share failed",
        "logoff-stuck" => "logoff begun and stuck",
        "end-never-logged" => "end of the session never logged",
        id => input.signature_title(id),
    }
}

/// Returns what was found of a chain in one sentence.
pub fn statement(input: &Input<'_>, chain: &SymptomChain) -> String {
    let names: Vec<String> = chain.signatures.iter().map(|id| format!("\u{201c}{}\u{201d}", name(input, id))).collect();
    let hosts: BTreeSet<&Name> = chain.links.iter().flat_map(|link| &link.hosts).collect();
    let hosts: Vec<Name> = hosts.into_iter().cloned().collect();
    let place = if hosts.is_empty() { String::new() } else { format!(" on {}", number::names(&hosts, 3)) };
    let what = if chain.is_ordered {
        format!("{} come in this order{place}", names.join(", then "))
    } else {
        format!("{} come together{place}, in no certain order", names.join(" and "))
    };
    let links: Vec<String> = (1..).zip(&chain.links).map(|(step, link)| found(link, step, chain.is_ordered)).collect();
    format!("{what}: {}.", links.join("; "))
}

fn found(link: &Link, step: usize, is_ordered: bool) -> String {
    let (both, next) = (link.n_both as f64, step + 1);
    let (first, second) = (number::of(both, link.n_first as f64), number::of(both, link.n_second as f64));
    let lag = &link.lag_s;
    let [median, lower, upper] = [lag.value, lag.lower, lag.upper].map(number::short);
    if is_ordered {
        format!(
            "{first} episodes of step {step} were followed by step {next} and {second} of step {next} preceded by \
             step {step}, {median} s apart on the median (95% interval {lower} to {upper})"
        )
    } else {
        format!(
            "{first} episodes of the first and {second} of the second; from the first to the second {median} s on the \
             median (95% interval {lower} to {upper})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_chain_reads_as_one_sentence_with_its_numbers() {
        let case = fixture::one_day();
        let mut chain = case.symptom_chains[0].clone();
        let text = statement(&case.input(), &chain);
        assert!(text.contains("profile disk locked by an earlier session") && text.contains("in this order on RDS02"));
        assert!(
            text.contains("19 of 21 (90%) episodes of step 1 were followed by step 2") && text.contains("4 s apart"),
            "{text}"
        );
        chain.is_ordered = false;
        assert!(statement(&case.input(), &chain).contains("come together on RDS02, in no certain order"));
    }
}
