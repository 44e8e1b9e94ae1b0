// The tables below the chart, for the span and the filters in view.

const PAGE_ROWS = 50;

function headRow(...titles) {
  return element('thead', {}, element('tr', {}, ...titles.map((title) => element('th', { scope: 'col' }, title))));
}

function timeCell(at) {
  return element(
    'td',
    { class: 'number time' },
    element('time', { datetime: new Date(at).toISOString() }, stamp(at, true)),
  );
}

// A button that opens a record.
function recordButton(key) {
  const place = placeOf(key);
  const text = place ? `${place.path} ${place.kind} ${place.number}` : key;
  const button = element('button', { type: 'button', class: 'record', 'data-record': key }, text);
  button.addEventListener('click', () => openRecord(key));
  return button;
}

// The first record at once, the others on demand.
function recordCell(places) {
  const keys = keysOf(places);
  if (!keys.length) return element('td', {}, 'in the tables only');
  const cell = element('td', {}, recordButton(keys[0]));
  if (keys.length > 1) {
    const list = element(
      'ul',
      { class: 'records' },
      ...keys.slice(1).map((key) => element('li', {}, recordButton(key))),
    );
    cell.append(element('details', {}, element('summary', {}, `${keys.length - 1} more`), list));
  }
  return cell;
}

function attemptRow(one) {
  return element(
    'tr',
    { 'data-at': one.at },
    timeCell(one.at),
    element('td', {}, DATA.hosts[one.host]),
    element('td', {}, DATA.users[one.user]),
    element('td', {}, DATA.signatures[one.signature]?.title ?? OUTCOMES[one.outcome]),
    recordCell(one.places),
  );
}

function attemptsHead() {
  return headRow(`Time (${zoneName()})`, 'Host', 'User', 'How it ended', 'Records');
}

function renderAttempts() {
  const rows = tableRows();
  const nPages = Math.max(Math.ceil(rows.length / PAGE_ROWS), 1);
  const page = Math.min(state.page, nPages - 1);
  const shown = rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
  byId('attempts-table').replaceChildren(attemptsHead(), element('tbody', {}, ...shown.map(attemptRow)));
  const what = state.outcome === 'all' ? 'attempt' : 'failed attempt';
  byId('attempts-shown').textContent = `${counted(rows.length, what)} in view`;
  byId('page').textContent = `page ${page + 1} of ${nPages}`;
  byId('page-before').disabled = page === 0;
  byId('page-next').disabled = page >= nPages - 1;
}

// The numbers that the chart shows: one row a bin, one column a band, and one a host.
function renderNumbers() {
  if (!byId('numbers').open || !chart) return;
  const bands = chart.bands.filter((band) => !band.rows);
  const hosts = chart.bands.find((band) => band.id === 'hosts');
  const byStart = bands.map((band) => new Map(band.marks.map((mark) => [mark.bin.start, mark])));
  const steps = new Map((bands.find((band) => band.steps)?.steps ?? []).map((step) => [step.bin.start, step.value]));
  const rows = chart.axis.bins.filter((bin) => byStart.some((marks) => marks.has(bin.start)));
  const titles = bands.flatMap((band) => (band.id === 'load' ? ['Users arriving', 'Sessions open'] : [band.title]));
  const cells = (bin) =>
    bands.flatMap((band, index) => {
      const mark = byStart[index].get(bin.start);
      if (band.id === 'load')
        return [mark ? grouped(mark.value) : '0', steps.has(bin.start) ? grouped(steps.get(bin.start)) : '–'];
      if (band.id === 'share') return [mark ? mark.words.slice(0, mark.words.lastIndexOf(', ')) : '–'];
      return [mark ? grouped(weighed(mark.rows)) : '0'];
    });
  const row = (bin) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row', class: 'number' }, spanText(bin.start, bin.end)),
      ...cells(bin).map((text) => element('td', {}, text)),
    );
  byId('numbers-note').textContent =
    `${counted(rows.length, 'bin')} in which something happened; ${hosts ? counted(hosts.rows.length, 'row') : 'no rows'} of hosts are in the table of attempts.`;
  byId('numbers-table').replaceChildren(
    headRow(`Time (${zoneName()})`, ...titles),
    element('tbody', {}, ...rows.map(row)),
  );
}

// Rows of the table of changes and pieces of evidence: hidden where the filters leave them out.
function filterChanges() {
  const table = byId('changes-table');
  if (!table) return;
  const kept = new Set(changesInView().map((change) => change.id));
  const [from, to] = span();
  let n = 0;
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) {
    const at = Number(row.dataset.at);
    const known = DATA.changes.find((change) => change.id === row.dataset.change);
    const times = known ? known.hosts.map(([, when]) => when).concat(at) : [at];
    const isInSpan = state.from === null || times.some((when) => from <= when && when < to);
    row.hidden = !(kept.has(row.dataset.change) && isInSpan);
    n += row.hidden ? 0 : 1;
  }
  byId('changes-shown').textContent =
    n === rows.length ? `All ${counted(n, 'change')}` : `${n} of ${counted(rows.length, 'change')} in view`;
  for (const item of document.querySelectorAll('.evidence li')) {
    item.hidden = state.change !== '' && item.dataset.about !== '' && item.dataset.about !== state.change;
  }
}

// Times that stand in the page itself, and the zone in every header.
function renderTimes() {
  for (const one of document.querySelectorAll('time[data-ms]')) one.textContent = stamp(Number(one.dataset.ms));
  for (const one of document.querySelectorAll('.zone')) one.textContent = zoneName();
}
