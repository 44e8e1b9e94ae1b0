// What the reader looks at, and how it is kept in the fragment of the address.

const WINDOW = DATA.window || [0, 1];
const MIN_SPAN = MINUTE;
const DEFAULTS = {
  from: null,
  to: null,
  signature: '',
  host: '',
  user: '',
  change: '',
  exposure: 'had',
  outcome: 'failed',
  zone: 'UTC',
  page: 0,
  mark: '',
  record: '',
};
const state = { ...DEFAULTS };

// The fragment of a state: only what differs from the default.
function toFragment(from) {
  const parts = new URLSearchParams();
  for (const [key, fallback] of Object.entries(DEFAULTS)) {
    const isDependent = key === 'exposure' && from.change === '';
    if (from[key] === fallback || isDependent) continue;
    parts.set(key, key === 'from' || key === 'to' ? new Date(from[key]).toISOString() : from[key]);
  }
  return parts.toString().replaceAll('%3A', ':').replaceAll('%2F', '/');
}

// What each part of a fragment may say; anything else is left out.
const ALLOWED = {
  from: instantOf,
  to: instantOf,
  signature: (text) => (text === 'incident' || DATA.signatures.some((one) => one.id === text) ? text : null),
  host: (text) => (DATA.hosts.includes(text) ? text : null),
  user: (text) => text.slice(0, 300),
  change: (text) => (DATA.changes.some((one) => one.id === text) ? text : null),
  exposure: (text) => (text === 'not' ? text : null),
  outcome: (text) => (text === 'all' ? text : null),
  zone: (text) => (isZone(text) ? text : null),
  page: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : null),
  mark: (text) => text.slice(0, 500),
  record: (text) => (placeOf(text) ? text : null),
};

function instantOf(text) {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(Math.max(at, WINDOW[0]), WINDOW[1]);
}

// The state that a fragment stands for.
function fromFragment(fragment) {
  const found = { ...DEFAULTS };
  for (const [key, text] of new URLSearchParams(fragment.replace(/^#/, ''))) {
    const value = Object.hasOwn(ALLOWED, key) ? ALLOWED[key](text) : null;
    if (value !== null) found[key] = value;
  }
  if (found.from === null || found.to === null || found.to - found.from < MIN_SPAN) {
    found.from = found.to = null;
  }
  return found;
}

// Changes the state, keeps it in the address and shows it.
function update(patch) {
  const changesRows = Object.keys(patch).some((key) => !['page', 'mark', 'record', 'zone'].includes(key));
  Object.assign(state, changesRows ? { page: 0 } : {}, patch);
  keep();
  render(patch);
}

function keep() {
  const fragment = toFragment(state);
  history.replaceState(null, '', fragment ? `#${fragment}` : `${location.pathname}${location.search}`);
}

// The span in view.
function span() {
  return state.from === null ? WINDOW : [state.from, state.to];
}

// Zooms to a span, as far as there are logs; the whole is no zoom.
function zoomTo(from, to) {
  let [start, end] = [Math.round(from), Math.round(to)];
  if (end - start < MIN_SPAN) {
    const middle = (start + end) / 2;
    [start, end] = [Math.round(middle - MIN_SPAN / 2), Math.round(middle + MIN_SPAN / 2)];
  }
  start = Math.max(start, WINDOW[0]);
  end = Math.min(end, WINDOW[1]);
  const isWhole = start <= WINDOW[0] && end >= WINDOW[1];
  update(isWhole || end <= start ? { from: null, to: null } : { from: start, to: end });
}

// Makes the span longer or shorter around an instant.
function zoomBy(factor, around) {
  const [from, to] = span();
  const middle = around ?? (from + to) / 2;
  zoomTo(middle - (middle - from) * factor, middle + (to - middle) * factor);
}

// Whether a row passes the filters of host, user and change.
function isKept(row) {
  if (state.host !== '' && DATA.hosts[row.host] !== state.host) return false;
  if (state.user !== '' && !userIndexes().has(row.user)) return false;
  if (state.change !== '') {
    const since = IN_FORCE.get(state.change).get(row.host);
    const had = since !== undefined && since <= row.at;
    if (had !== (state.exposure === 'had')) return false;
  }
  return true;
}

// Whether a signature passes its filter.
function isSignature(index) {
  if (state.signature === '') return true;
  const signature = DATA.signatures[index];
  if (!signature) return false;
  return state.signature === 'incident' ? signature.of_incident : signature.id === state.signature;
}

let usersFor = [null, new Set()];

// The users whose names hold what was typed.
function userIndexes() {
  if (usersFor[0] !== state.user) {
    const wanted = state.user.toLowerCase();
    const found = DATA.users
      .map((_, index) => index)
      .filter((index) => DATA.users[index].toLowerCase().includes(wanted));
    usersFor = [state.user, new Set(found)];
  }
  return usersFor[1];
}

// The rows in view that pass the filters of host, user and change.
function inView(rows) {
  const [from, to] = span();
  const end = state.from === null ? rows.length : firstFrom(rows, to);
  return rows.slice(state.from === null ? 0 : firstFrom(rows, from), end).filter(isKept);
}

// The attempts of the table: those in view that also pass the filters of signature and outcome.
function tableRows() {
  return inView(ATTEMPTS).filter(
    (one) => (state.outcome === 'all' || one.isFailure) && (state.signature === '' || isSignature(one.signature)),
  );
}
