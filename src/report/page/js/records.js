// What is behind a mark, and what one record says.

const PANEL_ROWS = 200;
// A whole record as it stands.
const ORIGINAL = 'event.original';

function renderMark() {
  const panel = byId('behind');
  const known = chart?.nodes.get(state.mark);
  panel.hidden = !known;
  if (!known) return;
  const { mark } = known;
  const isChange = mark.band.symbols === true;
  byId('behind-title').textContent = mark.words;
  const shown = mark.rows.slice(0, PANEL_ROWS);
  const cut =
    mark.rows.length > shown.length
      ? `The first ${PANEL_ROWS} of ${grouped(mark.rows.length)}; zoom in for the others.`
      : '';
  byId('behind-note').textContent = [`${counted(weighed(mark.rows), 'row')}.`, cut].join(' ').trim();
  const head = isChange ? headRow(`Time (${zoneName()})`, 'Change', 'Records') : attemptsHead();
  const rows = shown.map((one) =>
    isChange
      ? element('tr', {}, timeCell(one.at), element('td', {}, one.what), recordCell(one.places))
      : behindRow(one),
  );
  byId('behind-table').replaceChildren(head, element('tbody', {}, ...rows));
}

// Sessions that did not close have no outcome of their own.
function behindRow(one) {
  return one.outcome ? attemptRow(one) : attemptRow({ ...one, signature: -1, outcome: 'c' });
}

OUTCOMES.c = 'session did not close';

// Opens what is behind a mark; the focus goes there and comes back when it is closed.
function openMark(key) {
  update({ mark: key });
  if (!byId('behind').hidden) byId('behind-title').focus();
}

function closeMark() {
  const known = chart.nodes.get(state.mark);
  update({ mark: '' });
  if (known && chart.nodes.has(known.mark.key)) focusMark(chart.nodes.get(known.mark.key).mark);
}

function openRecord(key) {
  update({ record: key });
}

function renderRecord() {
  const dialog = byId('record');
  const place = state.record === '' ? null : placeOf(state.record);
  if (!place) {
    if (dialog.open) dialog.close();
    return;
  }
  // What the record says comes first, then the rest in its order.
  const original = eventOf(state.record).find(([name]) => name === ORIGINAL);
  const all = eventOf(state.record).filter(([name]) => name !== ORIGINAL);
  const fields = [...all.filter(([name]) => name === 'message'), ...all.filter(([name]) => name !== 'message')];
  byId('record-title').textContent = `${place.kind[0].toUpperCase()}${place.kind.slice(1)} ${place.number}`;
  byId('record-place').textContent = place.path;
  byId('record-note').textContent = fields.length
    ? 'The event as it was read from this record, in the names of the Elastic Common Schema; times in UTC.'
    : 'The event of this record is not in this page: what it says stands in the log itself, and in what “causeline events” prints.';
  const rows = fields.map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value)),
  );
  byId('record-table').replaceChildren(element('tbody', {}, ...rows));
  byId('record-original').hidden = !original;
  byId('record-text').textContent = original ? original[1] : '';
  if (!dialog.open) {
    dialog.showModal();
    byId('record-title').focus();
  }
}

function listenToRecords() {
  byId('behind-close').addEventListener('click', closeMark);
  byId('behind').addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeMark();
  });
  byId('record-close').addEventListener('click', () => byId('record').close());
  byId('record').addEventListener('close', () => {
    if (state.record !== '') update({ record: '' });
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#record="]');
    if (!link) return;
    event.preventDefault();
    openRecord(decodeURIComponent(link.getAttribute('href').slice('#record='.length)));
  });
}
