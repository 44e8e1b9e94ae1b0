// Filters, zone, theme, link: from the controls to the state and back.

// Fills the lists once.
function fillControls() {
  const signatures = DATA.signatures.map((one) => option(one.id, one.title));
  const ofIncident = DATA.incidents.length ? [option('incident', 'Those of the incident')] : [];
  byId('filter-signature').replaceChildren(option('', 'all'), ...ofIncident, ...signatures);
  byId('filter-host').replaceChildren(option('', 'all'), ...[...DATA.hosts].sort().map((host) => option(host, host)));
  byId('filter-change').replaceChildren(
    option('', 'any'),
    ...DATA.changes.map((one) => option(one.id, `${one.name}${one.verdict ? ` · ${one.verdict}` : ''}`)),
  );
  byId('users').replaceChildren(
    ...[...DATA.users]
      .sort()
      .slice(0, 2000)
      .map((user) => option(user, '')),
  );
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const near = [DATA.zone, own].filter((zone) => zone && zone !== 'UTC' && isZone(zone));
  const known = Intl.supportedValuesOf?.('timeZone') ?? [];
  const zones = [...new Set(['UTC', ...near, ...known])];
  byId('zone').replaceChildren(...zones.map((zone) => option(zone, zone)));
  byId('zoom-incident').hidden = DATA.incidents.length === 0;
}

// Shows the state in the controls.
function renderControls() {
  const [from, to] = span();
  if (!byId('zone').querySelector(`option[value="${CSS.escape(state.zone)}"]`))
    byId('zone').append(option(state.zone, state.zone));
  const values = {
    zone: state.zone,
    'filter-signature': state.signature,
    'filter-host': state.host,
    'filter-user': state.user,
    'filter-change': state.change,
    'filter-exposure': state.exposure,
    'filter-outcome': state.outcome,
  };
  for (const [id, value] of Object.entries(values)) if (byId(id).value !== value) byId(id).value = value;
  for (const [id, at] of [
    ['filter-from', from],
    ['filter-to', to],
  ])
    byId(id).value = fieldText(at);
  byId('filter-exposure').parentElement.hidden = state.change === '';
  byId('zoom-out').disabled = state.from === null;
  const isFiltered = ['from', 'signature', 'host', 'user', 'change'].some((key) => state[key] !== DEFAULTS[key]);
  byId('reset').disabled = !isFiltered;
  byId('shown').textContent = shownText(isFiltered);
}

// One sentence on what is in view.
function shownText(isFiltered) {
  if (!DATA.window) return 'These logs hold no connection.';
  const [from, to] = span();
  const rows = inView(ATTEMPTS);
  const failed = rows.filter((one) => one.isFailure && isSignature(one.signature));
  const parts = [
    `${isFiltered ? 'In view' : 'Everything'}: ${stamp(from)} to ${stamp(to)} ${zoneName()}`,
    `${counted(weighed(failed), 'failure')} in ${counted(weighed(rows), 'attempt')}`,
  ];
  if (chart) parts.push(`bins of ${[...new Set(chart.axis.parts.map((part) => lengthText(part.bin)))].join(' | ')}`);
  return parts.join(' · ');
}

function zoomToIncident() {
  const incident = DATA.incidents[0];
  const end = incident.end ?? WINDOW[1];
  const margin = Math.max((end - incident.start) * 0.25, HOUR);
  zoomTo(incident.start - margin, end + margin);
}

// An instant as the fields of the span have it; seconds only where the span is short.
function fieldText(at) {
  const [from, to] = span();
  return stamp(at, to - from < HOUR);
}

function onSpanField() {
  const fields = [byId('filter-from'), byId('filter-to')];
  const [from, to] = fields.map((field, index) =>
    field.value === fieldText(span()[index]) ? span()[index] : fromLocal(field.value),
  );
  const isSpan = from !== null && to !== null && to - from >= MIN_SPAN;
  fields.forEach((field, index) =>
    field.setAttribute('aria-invalid', !isSpan && ([from, to][index] === null || (from !== null && to !== null))),
  );
  if (isSpan) zoomTo(from, to);
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function toggleTheme() {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  byId('theme').setAttribute('aria-pressed', isDark());
}

async function copyLink() {
  const button = byId('link');
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'It is in the address bar';
  }
}

function listenToControls() {
  const bind = {
    'filter-signature': 'signature',
    'filter-host': 'host',
    'filter-change': 'change',
    'filter-exposure': 'exposure',
    'filter-outcome': 'outcome',
    zone: 'zone',
  };
  for (const [id, key] of Object.entries(bind))
    byId(id).addEventListener('change', () => update({ [key]: byId(id).value }));
  byId('filter-user').addEventListener('input', () => update({ user: byId('filter-user').value }));
  for (const id of ['filter-from', 'filter-to']) byId(id).addEventListener('change', onSpanField);
  byId('filters').addEventListener('submit', (event) => event.preventDefault());
  byId('zoom-in').addEventListener('click', () => zoomBy(0.5));
  byId('zoom-out').addEventListener('click', () => zoomBy(2));
  byId('zoom-incident').addEventListener('click', zoomToIncident);
  byId('reset').addEventListener('click', () =>
    update({ from: null, to: null, signature: '', host: '', user: '', change: '' }),
  );
  byId('page-before').addEventListener('click', () => update({ page: Math.max(state.page - 1, 0) }));
  byId('page-next').addEventListener('click', () => update({ page: state.page + 1 }));
  byId('theme').addEventListener('click', toggleTheme);
  byId('link').addEventListener('click', copyLink);
  byId('numbers').addEventListener('toggle', renderNumbers);
}

// Links within the page move the view and leave the fragment to the state.
function listenToLinks() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('nav a[href^="#"], a.skip');
    const target = link && byId(link.getAttribute('href').slice(1));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView();
    if (!target.hasAttribute('tabindex')) target.setAttribute('tabindex', -1);
    target.focus({ preventScroll: true });
  });
}
