// Pointer and keyboard on the chart: read-out, brush, walking from mark to mark.

const DRAG_PIXELS = 5;
let drag = null;

function pointOf(event) {
  const box = chart.svg.getBoundingClientRect();
  const scale = chart.width / box.width;
  return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
}

function bandAt(y) {
  return chart.bands.find((band) => band.top - 2 <= y && y <= band.bottom + 2);
}

// The mark at a point: of bars any height of the bin counts, for a single failure is three pixels high.
function markAt({ x, y }) {
  const band = bandAt(y);
  if (!band) return null;
  if (band.symbols) {
    const near = band.marks.map((mark) => [Math.hypot(mark.x - x, mark.y - y), mark]).sort((a, b) => a[0] - b[0])[0];
    if (near && near[0] <= 12) return near[1];
    const labeled = band.marks.find((mark) => {
      if (!mark.label || Math.abs(mark.y - y) > 9) return false;
      const width = textWidth(mark.label.text, 12.5, mark.label.isBold);
      const from = mark.label.anchor === 'start' ? mark.label.x : mark.label.x - width;
      return from <= x && x <= from + width;
    });
    return labeled ?? null;
  }
  const row = band.rows?.findIndex((one) => one.top <= y && y < one.top + one.height);
  const hit = band.marks.filter(
    (mark) =>
      (row === undefined || mark.row === row) &&
      mark.bin.left - 1 <= x &&
      x <= Math.max(mark.bin.right, mark.bin.left + 2),
  );
  return hit.sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0] ?? null;
}

// What all bands say of the bin at a place, in one line.
function readout({ x, y }) {
  const { axis } = chart;
  if (x < axis.left || x > axis.right || y < chart.top || y > chart.bottom) return '';
  const at = atPixel(axis, x);
  const index = binAt(axis, at);
  if (index < 0) return '';
  const bin = axis.bins[index];
  const own = markAt({ x, y });
  const said = [];
  for (const band of chart.bands) {
    if (band.rows) continue;
    const mark = band.marks.find((one) => one.bin.start === bin.start);
    if (mark)
      said.push(
        band.id.startsWith('failures/')
          ? `${band.title} ${grouped(weighed(mark.rows))}`
          : mark.words.slice(0, mark.words.lastIndexOf(', ')),
      );
  }
  const missing = missingOf(axis, hostsInView()).some(([start, end]) => start <= at && at < end);
  const first = own ? `${own.words}. ` : '';
  const all = missing ? 'no log covers this time' : said.join(' · ') || 'nothing failed';
  const isSame = own && !own.band.rows && said.length === 1;
  return isSame ? first : `${first}${spanText(bin.start, bin.end)}: ${all}`;
}

function showCursor(point) {
  const over = byId('over');
  byId('readout').textContent = readout(point);
  const isInside =
    point.x >= chart.axis.left && point.x <= chart.axis.right && point.y > chart.top && point.y < chart.bottom;
  over.replaceChildren(
    ...(isInside
      ? [line(round(point.x), chart.top, round(point.x), chart.bottom, { class: 'cursor', 'pointer-events': 'none' })]
      : []),
  );
}

function showBrush(point) {
  const { axis } = chart;
  const clamp = (x) => Math.min(Math.max(x, axis.left), axis.right);
  const [from, to] = [clamp(drag.x), clamp(point.x)].sort((a, b) => a - b);
  drag.span = [atPixel(axis, from), atPixel(axis, to)];
  byId('over').replaceChildren(
    rect(from, chart.top, to - from, chart.bottom - chart.top, { class: 'brush', 'pointer-events': 'none' }),
  );
  byId('readout').textContent = spanText(Math.round(drag.span[0]), Math.round(drag.span[1]));
}

function onDown(event) {
  const point = pointOf(event);
  if (event.button !== 0 || point.x < chart.axis.left - 12) return;
  drag = { ...point, span: null };
  chart.svg.setPointerCapture(event.pointerId);
}

function onMove(event) {
  const point = pointOf(event);
  if (drag && (drag.span || Math.abs(point.x - drag.x) > DRAG_PIXELS)) showBrush(point);
  else showCursor(point);
}

function onUp(event) {
  if (!drag) return;
  const { span: brushed } = drag;
  drag = null;
  byId('over').replaceChildren();
  if (brushed) {
    zoomTo(...brushed);
    return;
  }
  const mark = markAt(pointOf(event));
  if (mark) openMark(mark.key);
}

// The next mark in a direction: within its band (in bands of rows: its row) to the sides, else the nearest of the next.
function neighbor(mark, key) {
  const lane = (one) => `${one.band.id} ${one.band.symbols ? '' : (one.row ?? '')}`;
  const own = chart.marks.filter((one) => lane(one) === lane(mark)).sort((a, b) => a.x - b.x);
  const place = own.indexOf(mark);
  if (key === 'ArrowRight') return own[place + 1];
  if (key === 'ArrowLeft') return own[place - 1];
  if (key === 'Home') return own[0];
  if (key === 'End') return own.at(-1);
  const isNext = key === 'ArrowDown' ? (one) => one.y > mark.y : (one) => one.y < mark.y;
  const others = chart.marks.filter(
    (one) => lane(one) !== lane(mark) && isNext(one) && (one.band !== mark.band || one.band.rows),
  );
  const edge = (one) => (one.band.rows && !one.band.symbols ? one.band.rows[one.row].top : one.band.top);
  const nearest = Math.min(...others.map((one) => Math.abs(edge(one) - edge(mark))));
  const next = others.filter((one) => Math.abs(edge(one) - edge(mark)) === nearest);
  return next.sort((a, b) => Math.abs(a.x - mark.x) - Math.abs(b.x - mark.x))[0];
}

function focusMark(mark) {
  for (const node of chart.svg.querySelectorAll('[tabindex="0"]')) node.setAttribute('tabindex', -1);
  const { node } = chart.nodes.get(mark.key);
  node.setAttribute('tabindex', 0);
  node.focus();
}

function onKey(event) {
  const known = chart.nodes.get(event.target.dataset?.key);
  if (!known || event.ctrlKey || event.metaKey || event.altKey) return;
  const { mark } = known;
  if (['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(event.key)) {
    const next = neighbor(mark, event.key);
    if (next) focusMark(next);
  } else if (event.key === 'Enter' || event.key === ' ') {
    openMark(mark.key);
  } else if (event.key === '+' || event.key === '=') {
    zoomBy(0.5, middleOf(mark));
  } else if (event.key === '-') {
    zoomBy(2, middleOf(mark));
  } else if (event.key === 'Escape') {
    update({ from: null, to: null });
  } else {
    return;
  }
  event.preventDefault();
}

function onFocus(event) {
  const known = chart.nodes.get(event.target.dataset?.key);
  if (known) byId('readout').textContent = known.mark.words;
}

function listenToChart() {
  const svg = byId('chart');
  svg.addEventListener('pointerdown', onDown);
  svg.addEventListener('pointermove', onMove);
  svg.addEventListener('pointerup', onUp);
  svg.addEventListener('pointercancel', () => {
    drag = null;
    byId('over').replaceChildren();
  });
  svg.addEventListener('pointerleave', () => {
    if (!drag) byId('over').replaceChildren();
  });
  svg.addEventListener('dblclick', () => update({ from: null, to: null }));
  svg.addEventListener('keydown', onKey);
  svg.addEventListener('focusin', onFocus);
}
