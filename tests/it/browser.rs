//! A real browser for tests of pages: what a person does with mouse and keyboard, and what the page asks the network for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Input, Network};
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;

/// Flags that keep the browser itself off the network.
const QUIET: [&str; 6] = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--hide-scrollbars",
];

/// Chromium, or `None` with a word on standard error where it is missing; with `CI=true` that is a failure.
fn executable() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "chromium is missing");
        eprintln!("skipped: no chromium on this machine");
    }
    found
}

/// One page in a browser of its own.
pub struct Visit {
    pub tab: Arc<Tab>,
    requests: Arc<Mutex<Vec<String>>>,
    url: String,
    _browser: Browser,
}

impl Visit {
    /// Opens a file; `rest` is query and fragment.
    pub fn open(file: &Path, rest: &str) -> Option<Self> {
        let options = LaunchOptions::default_builder()
            .path(Some(executable()?))
            .sandbox(false)
            .window_size(Some((1440, 1000)))
            .args(QUIET.iter().map(std::ffi::OsStr::new).collect())
            .build()
            .unwrap();
        let browser = Browser::new(options).unwrap();
        let tab = browser.new_tab().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tab.call_method(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        })
        .unwrap();
        tab.add_event_listener(Arc::new(move |event: &Event| {
            if let Event::NetworkRequestWillBeSent(sent) = event {
                seen.lock().unwrap().push(sent.params.request.url.clone());
            }
        }))
        .unwrap();
        let url = format!("file://{}{rest}", file.display());
        tab.navigate_to(&url).unwrap().wait_until_navigated().unwrap();
        Some(Self { tab, requests, url, _browser: browser })
    }

    /// Returns what an expression is, through JSON.
    pub fn eval(&self, expression: &str) -> Value {
        let result = self.tab.evaluate(&format!("JSON.stringify({expression})"), false).unwrap();
        let text = result.value.unwrap_or_default();
        serde_json::from_str(text.as_str().unwrap_or("null")).unwrap()
    }

    /// Returns a text of the page.
    pub fn text(&self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({selector:?})?.textContent ?? ''"));
        text.as_str().unwrap().to_owned()
    }

    /// Returns the number that an expression is.
    pub fn number(&self, expression: &str) -> f64 {
        self.eval(expression).as_f64().unwrap_or_else(|| panic!("{expression} is no number"))
    }

    /// The middle of an element, scrolled into view.
    pub fn middle(&self, element: &str) -> (f64, f64) {
        let place = self.eval(&format!(
            "(() => {{ const e = {element}; e.scrollIntoView({{ block: 'center' }}); const b = e.getBoundingClientRect(); \
             return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        ));
        (place[0].as_f64().unwrap(), place[1].as_f64().unwrap())
    }

    fn mouse(&self, what: Input::DispatchMouseEventTypeOption, (x, y): (f64, f64), is_held: bool) {
        self.tab
            .call_method(Input::DispatchMouseEvent {
                Type: what,
                x,
                y,
                modifiers: None,
                timestamp: None,
                button: Some(if is_held { Input::MouseButton::Left } else { Input::MouseButton::None }),
                buttons: Some(u32::from(is_held)),
                click_count: Some(1),
                force: None,
                tangential_pressure: None,
                tilt_x: None,
                tilt_y: None,
                twist: None,
                delta_x: None,
                delta_y: None,
                pointer_Type: None,
            })
            .unwrap();
    }

    /// Moves the pointer there.
    pub fn hover(&self, at: (f64, f64)) {
        self.mouse(Input::DispatchMouseEventTypeOption::MouseMoved, at, false);
    }

    /// Clicks there.
    pub fn click(&self, at: (f64, f64)) {
        self.hover(at);
        self.mouse(Input::DispatchMouseEventTypeOption::MousePressed, at, true);
        self.mouse(Input::DispatchMouseEventTypeOption::MouseReleased, at, true);
    }

    /// Drags from one point to another.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        self.hover(from);
        self.mouse(Input::DispatchMouseEventTypeOption::MousePressed, from, true);
        for step in 1..=4 {
            let share = f64::from(step) / 4.0;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            self.mouse(Input::DispatchMouseEventTypeOption::MouseMoved, at, true);
        }
        self.mouse(Input::DispatchMouseEventTypeOption::MouseReleased, to, true);
    }

    /// Presses a key.
    pub fn press(&self, key: &str) {
        self.tab.press_key(key).unwrap();
    }

    /// Chooses an entry of a list as a person does: the control's own event follows.
    pub fn choose(&self, id: &str, value: &str) {
        self.eval(&format!(
            "(() => {{ const e = document.getElementById({id:?}); e.value = {value:?}; \
             e.dispatchEvent(new Event('input', {{ bubbles: true }})); \
             e.dispatchEvent(new Event('change', {{ bubbles: true }})); return e.value; }})()"
        ));
    }

    /// Requests beyond the page itself.
    pub fn requests(&self) -> Vec<String> {
        let own = self.url.split(['?', '#']).next().unwrap_or_default();
        let all = self.requests.lock().unwrap();
        assert!(!all.is_empty(), "the page itself is a request: the listener hears nothing");
        all.iter().filter(|url| url.split(['?', '#']).next() != Some(own)).cloned().collect()
    }

    /// The lines of the page's own test.
    pub fn selftest(&self) -> Vec<String> {
        self.text("#selftest").lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}
