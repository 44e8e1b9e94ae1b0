//! What a request in an access log means for people who want to connect.
//!
//! A request that posts to a login, session or gateway address is a try to connect, and its status says
//! how it went. Everything else is irrelevant, except that a server which answers with 5xx works badly.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::format::{Context, LineOutcome};
use super::property::{self, Meaning};
use crate::model::identity::{canonical_host, canonical_user};
use crate::model::{Action, Fault, Severity, Timestamp, Trust};

/// Which instant of a request its stamp is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamped {
    /// When the server had received it: Apache's `%t`, the accept date of HAProxy. Its lines are still written at the
    /// end, so their stamps are not in order.
    Start,
    /// When it was answered: IIS, nginx, and where it is not known.
    #[default]
    End,
}

/// One request.
///
/// An event of a request stands at its end, whatever its stamp is: that is when it had failed or not, and when the
/// answer was seen. Its start is as much earlier as it took.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// The stamp of the line, and how it is known.
    pub at: (Timestamp, Option<Trust>),
    /// Which instant that is.
    pub stamped: Stamped,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// `GET`, `POST`, ….
    pub method: &'a str,
    /// The path, without query.
    pub path: &'a str,
    /// The query, without `?`.
    pub query: &'a str,
    /// The account, as the log spells it.
    pub user: Cow<'a, str>,
    /// The client's address.
    pub client: &'a str,
    /// The host that wrote the log, where the log says so.
    pub own_host: Option<&'a str>,
    /// The HTTP status.
    pub status: u32,
    /// IIS: the second part of the status, as in 401.2.
    pub substatus: Option<u32>,
    /// IIS: the Windows error.
    pub win32: Option<u32>,
}

static LOGIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)/(?:log[-_]?[io]n|sign[-_]?in|auth\w*|o?auth2?|token|sessions?|connect(?:ions?)?|remotedesktopgateway|rdgateway|rpc|saml2?|adfs)(?:[/.;]|$)")
        .expect("a pattern of this file is well formed")
});
static PROBE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^/(?:health\w*|ping|alive|live|livez|ready|readyz|status|heartbeat|favicon\.ico|robots\.txt)(?:[/.]|$)",
    )
    .expect("a pattern of this file is well formed")
});

impl Request<'_> {
    /// When it ended.
    pub fn end(&self) -> Timestamp {
        match (self.stamped, self.duration_ms) {
            (Stamped::Start, Some(ms)) if ms.is_finite() && ms > 0.0 => self.at.0.plus_seconds(ms / 1e3),
            _ => self.at.0,
        }
    }
}

/// How grave a status is.
pub(super) fn severity(status: u32) -> Severity {
    match status {
        0..400 => Severity::Info,
        400..500 => Severity::Warn,
        _ => Severity::Error,
    }
}

/// What a request means; nothing if it is of no use to the question.
pub(super) fn action(request: &Request<'_>) -> Option<Action> {
    let user = || canonical_user(&request.user);
    let is_try = !matches!(request.method, "GET" | "HEAD" | "OPTIONS") && LOGIN.is_match(request.path);
    match (request.status, is_try) {
        (0..500, false) => None,
        _ if PROBE.is_match(request.path) => None,
        (100..400, true) if user().is_some() => Some(Action::Success),
        // Without a name, 401 is the first half of every Negotiate handshake.
        (400..600, true) if user().is_some() => Some(Action::Failure),
        (500..600, _) => Some(Action::Symptom),
        _ => None,
    }
}

/// Says what a request comes to.
pub fn understand(request: &Request<'_>, context: &mut Context<'_>) -> LineOutcome {
    let (at, trust) = (request.end(), request.at.1);
    let Some(action) = action(request) else { return LineOutcome::Irrelevant(Some(at)) };
    let user = canonical_user(&request.user);

    let mut event = context.event((at, trust.unwrap_or(Trust::Stated)), action);
    event.duration_ms = request.duration_ms;
    event.code = Some(request.status);
    event.user = user.map(|user| context.names.intern(&user));
    let query = property::pairs(request.query);
    let host = property::first(&query, Meaning::Target)
        .or_else(|| property::first(&query, Meaning::OwnHost))
        .or(request.own_host)
        .map(canonical_host)
        .filter(|host| !host.is_empty());
    if let Some(host) = host {
        event.host = Some(context.names.intern(&host));
        event.host_trust = Trust::Stated;
    }
    if !matches!(request.client, "" | "-") {
        event.client = Some(context.names.intern(request.client));
    }
    if action != Action::Success {
        event.severity = severity(request.status);
        let code = code(request);
        let text = format!(
            "{} {} status={} substatus={} win32={}",
            request.method,
            request.path,
            request.status,
            request.substatus.unwrap_or(0),
            request.win32.unwrap_or(0)
        );
        // Status and Windows error are the whole of what a request says; the catalog knows only that 5xx is
        // an error of the server, and one word for all would hide which kind of failure began when.
        event.signature = Some(context.names.intern(&format!("other-{}-{code}", context.dataset)));
        event.fault = (action == Action::Failure).then(|| fault(request));
        event.error_code = Some(context.names.intern(&code));
        event.message = Some(context.message(&text));
    }
    LineOutcome::Event(Box::new(event))
}

/// `500`, or with what IIS adds `401.1.1326`.
fn code(request: &Request<'_>) -> String {
    match (request.substatus, request.win32) {
        (Some(substatus), Some(win32)) => format!("{}.{substatus}.{win32}", request.status),
        _ => request.status.to_string(),
    }
}

/// 401 is about the account, 403 a rule, 5xx the service; the other 4xx do not tell.
fn fault(request: &Request<'_>) -> Fault {
    match request.status {
        401 => Fault::User,
        403 => Fault::Policy,
        429 | 500..=599 => Fault::Infrastructure,
        _ => Fault::Unclear,
    }
}
