//! What a report is made from, beside the analysis itself: its title, the options as stated, the words of signatures;
//! with names replaced where that was asked for.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use causeline::frame::DERIVED;
use causeline::model::Name;
use causeline::normalize::signature::Signatures;
use causeline::pipeline::Analysis;
use causeline::redact::{Redacted, Redactor};
use causeline::report::{Input, SignatureText};

use super::args::{InputArgs, RedactArgs};

/// Titles, words and options.
pub(crate) struct Material {
    /// The name of the first path.
    pub(crate) title: String,
    options: BTreeMap<String, String>,
    signatures: BTreeMap<Name, SignatureText>,
    redacted: Option<Redacted>,
}

impl Material {
    /// Gathers it; `further` are the options of one command alone.
    pub(crate) fn of<const N: usize>(
        analysis: &mut Analysis,
        args: &InputArgs,
        redact: &RedactArgs,
        own: Option<&Signatures>,
        further: [(&str, Option<String>); N],
    ) -> Self {
        let mut redactor = analysis.redactor.take();
        let mut named = |text: String| redactor.as_mut().map_or_else(|| text.clone(), |redactor| redactor.text(&text));
        let title = named(title(&args.paths));
        let options = stated(args, redact, further).into_iter().map(|(name, value)| (name, named(value))).collect();
        let mut signatures = signature_texts(own, analysis);
        // Words of our own catalog name nobody.
        for text in signatures.values_mut().filter(|_| own.is_some()) {
            text.title = named(std::mem::take(&mut text.title));
            text.meaning = named(std::mem::take(&mut text.meaning));
        }
        Self { title, options, signatures, redacted: redactor.as_ref().map(Redactor::redacted) }
    }

    /// What the report is made from.
    pub(crate) fn input<'a>(&'a self, analysis: &'a Analysis) -> Input<'a> {
        Input {
            tables: &analysis.framed.tables,
            events: &analysis.framed.events,
            originals: &analysis.originals,
            judgement: &analysis.judgement,
            symptom_chains: &analysis.symptom_chains,
            sources: &analysis.framed.sources,
            diagnostics: &analysis.framed.diagnostics,
            signatures: &self.signatures,
            title: &self.title,
            options: self.options.clone(),
            redacted: self.redacted.clone(),
            tool_version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The name of the first path, by which the report is called: a folder's own name, a file's without its ending.
fn title(paths: &[PathBuf]) -> String {
    let first = paths.first().map_or(Path::new("-"), PathBuf::as_path);
    let resolved = std::path::absolute(first).unwrap_or_else(|_| first.to_owned());
    let name = if first.is_dir() { resolved.file_name() } else { resolved.file_stem() };
    match name.and_then(OsStr::to_str) {
        Some("-") | None => "standard-input".to_owned(),
        // A glob is no name for a folder.
        Some(name) => name.chars().map(|c| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect(),
    }
}

/// The options that differ from their defaults, as the report prints them; paths are left out, for they
/// would differ from machine to machine.
fn stated<const N: usize>(
    args: &InputArgs,
    redact: &RedactArgs,
    further: [(&str, Option<String>); N],
) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    let mut state = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    state("since", args.since.map(|at| at.to_string()));
    state("until", args.until.map(|at| at.to_string()));
    for (name, value) in further {
        state(name, value);
    }
    let config = args.config.as_deref().and_then(Path::file_name);
    state("config", config.map(|name| name.to_string_lossy().into_owned()));
    state("signatures", args.signatures.as_deref().and_then(folder_name));
    let classes: Vec<&str> = redact.redact.iter().map(|class| class.name()).collect();
    state("redact", (!classes.is_empty()).then(|| classes.join(",")));
    state("recover", args.recover.then(|| "true".to_owned()));
    let zones: Vec<String> = args
        .timezone
        .iter()
        .map(|(glob, zone)| glob.as_ref().map_or_else(|| zone.clone(), |glob| format!("{glob}={zone}")))
        .collect();
    state("timezone", (!zones.is_empty()).then(|| zones.join(", ")));
    options
}

/// The folder's own name, also where it is given as `.` or as the end of `..`.
fn folder_name(folder: &Path) -> Option<String> {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    name(folder).or_else(|| name(&folder.canonicalize().ok()?))
}

/// The words of the catalog's signatures, of those that are derived, and of those that are templates of messages.
fn signature_texts(own: Option<&Signatures>, analysis: &Analysis) -> BTreeMap<Name, SignatureText> {
    let templates = analysis.framed.templates.iter().map(|(id, template)| {
        let title = format!("Message template \u{201c}{}\u{201d}", template.text);
        let meaning = format!(
            "No rule knows this message of an application; what varies in it stands as <*>. It came {}; of warnings, one a minute counts.",
            if template.n_messages == 1 { "once".to_owned() } else { format!("{} times", template.n_messages) }
        );
        (Name::clone(id), SignatureText { title, meaning, code_kinds: Vec::new() })
    });
    let derived = DERIVED.iter().map(|(id, title, meaning)| {
        let text = SignatureText { title: (*title).to_owned(), meaning: (*meaning).to_owned(), code_kinds: Vec::new() };
        (Name::from(*id), text)
    });
    own.unwrap_or_else(|| Signatures::embedded())
        .iter()
        .map(|signature| {
            let (title, meaning) = (signature.title.clone(), signature.meaning.clone());
            let text = SignatureText { title, meaning, code_kinds: signature.code_kinds() };
            (Name::from(signature.id.as_str()), text)
        })
        .chain(derived)
        .chain(templates)
        .collect()
}
