// Draws the chart of the span and the filters in view.

const BAND_GAP = 10;
const LANE_GAP = 22;
const AXIS_HEIGHT = 41;
const LEAST_BAR = 3;

// The chart as it is drawn: axis, bands with their places, marks in the order of the picture.
let chart = null;

function drawChart() {
  const svg = byId('chart');
  const focused = chart?.nodes.get(document.activeElement?.dataset?.key)?.mark;
  const width = Math.max(svg.parentElement.clientWidth, 280);
  const isWide = width >= 760;
  const left = isWide ? 240 : 78;
  const axis = makeAxis(left, width - 6);
  const bands = DATA.window ? allBands(axis) : [];
  let y = AXIS_HEIGHT + LANE_GAP / 2;
  bands.forEach((band, index) => {
    if (index > 0) y += laneOf(band) === laneOf(bands[index - 1]) ? BAND_GAP : LANE_GAP;
    if (!isWide) y += 20;
    band.top = y;
    band.bottom = y + band.height;
    let top = y;
    for (const row of band.rows ?? []) {
      row.top = top;
      top += row.height;
    }
    y = band.bottom;
  });
  const bottom = y + LANE_GAP / 2;
  chart = {
    svg,
    axis,
    bands,
    width,
    isWide,
    top: AXIS_HEIGHT,
    bottom,
    height: bottom + AXIS_HEIGHT,
    marks: [],
    nodes: new Map(),
  };
  withAttributes(svg, { viewBox: `0 0 ${width} ${chart.height}`, height: chart.height });
  svg.replaceChildren(
    hatching(),
    ...ground(),
    ...bands.flatMap(bandParts),
    ...foreground(),
    ...bands.flatMap(bandWords),
    shape('g', { id: 'over' }),
  );
  restoreFocus(focused);
}

function laneOf(band) {
  return band.id.split('/')[0];
}

function line(x1, y1, x2, y2, attributes) {
  return shape('line', { x1, y1, x2, y2, ...attributes });
}

function rect(x, y, width, height, attributes) {
  return shape('rect', {
    x: round(x),
    y: round(y),
    width: round(Math.max(width, 0)),
    height: round(Math.max(height, 0)),
    ...attributes,
  });
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function words(x, y, text, attributes) {
  return shape('text', { x: round(x), y: round(y), ...attributes }, text);
}

function ink(name) {
  return `var(--ink-${name})`;
}

// The pattern of what no source covers.
function hatching() {
  const pattern = shape('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse' });
  pattern.append(
    rect(0, 0, 6, 6, { fill: ink('paper') }),
    shape('path', { d: 'M-1 7L7 -1', stroke: ink('missing'), fill: 'none' }),
  );
  return shape('defs', {}, pattern);
}

// What lies below the lanes: the incidents, the grid, the axis above and below.
function ground() {
  const { axis, top, bottom, isWide } = chart;
  const parts = [];
  for (const incident of DATA.incidents) {
    const end = Math.min(incident.end ?? WINDOW[1], axis.parts.at(-1).end);
    if (end <= axis.parts[0].start || incident.start >= axis.parts.at(-1).end) continue;
    const x = xOf(axis, Math.max(incident.start, axis.parts[0].start));
    const isMain = incident === DATA.incidents[0];
    parts.push(
      rect(x, top, Math.max(xOf(axis, end, true) - x, 2), bottom - top, {
        fill: ink('shade'),
        'fill-opacity': isMain ? 1 : 0.5,
      }),
    );
  }
  for (const tick of ticksOf(axis)) {
    parts.push(line(round(tick.x), top, round(tick.x), bottom, { class: 'grid' }));
    tick.lines.forEach((text, below) => {
      if (text === '') return;
      for (const y of [10 + 15 * below, bottom + 14 + 15 * below])
        parts.push(words(tick.x, y, text, { class: 'quiet small', 'text-anchor': 'middle' }));
    });
  }
  parts.push(words(0, 10, fitted(zoneName(), isWide ? 220 : 76, 11, true), { class: 'quiet small strong' }));
  return parts;
}

// The guilty change through all lanes, and the breaks of the axis.
function foreground() {
  const { axis, top, bottom } = chart;
  const parts = [];
  const guilty = DATA.changes.find((change) => change.verdict === 'root cause');
  if (guilty && shows(axis, reachOf(guilty)[0])) {
    const x = round(xOf(axis, reachOf(guilty)[0]));
    parts.push(line(x, top, x, bottom, { stroke: ink('guilty') }));
  }
  axis.parts.slice(1).forEach((part, index) => {
    const [from, to] = [axis.parts[index].right, part.left];
    parts.push(rect(from, top - 4, to - from, bottom - top + 8, { fill: ink('paper') }));
    for (const y of [top, bottom]) {
      for (const x of [from + 2, to - 4]) parts.push(line(x - 2, y + 6, x + 4, y - 6, { stroke: ink('quiet') }));
    }
  });
  return parts;
}

// Hatching, marks and scale of a band.
function bandParts(band) {
  const { axis } = chart;
  const parts = [];
  const hatch = (spans, top, height) => {
    for (const [start, end] of spans) {
      const x = xOf(axis, start);
      parts.push(
        rect(x, top, xOf(axis, end, true) - x, height, {
          fill: 'url(#hatch)',
          stroke: ink('missing'),
          'data-missing': band.id,
        }),
      );
    }
  };
  if (band.missing === 'all') hatch(missingOf(axis, hostsInView()), band.top + 1, band.height - 2);
  if (band.missing === 'rows')
    for (const row of band.rows) hatch(missingOf(axis, row.members), row.top + 1, row.height - 2);
  for (const mark of band.marks) parts.push(...(band.symbols ? changeParts(band, mark) : [markNode(band, mark)]));
  for (const mark of band.marks.filter((one) => one.upper !== undefined)) parts.push(...intervalLine(band, mark));
  if (band.steps) parts.push(...stepLines(band));
  if (band.arrivals) parts.push(...stateParts(band));
  if (band.id === 'incidents') parts.push(...momentParts(band));
  if (band.scale) parts.push(line(axis.left, band.bottom, axis.right, band.bottom, { class: 'zero' }));
  return parts;
}

// The node of a bar or a tile.
function markNode(band, mark) {
  const { left, right } = mark.bin;
  let node;
  if (band.rows) {
    const row = band.rows[mark.row];
    const inset = band.inset ?? 1;
    node = rect(left, row.top + inset, Math.max(right - left, 1), row.height - 2 * inset, { fill: ink(mark.ink) });
    mark.y = row.top + row.height / 2;
  } else {
    const height = Math.max(Math.min(mark.value / band.scale.max, 1) * band.height, LEAST_BAR);
    const width = right - left >= 4 ? right - left - 1 : Math.max(right - left, 1);
    const fills = {
      solid: { fill: ink(mark.ink) },
      pale: { fill: ink(mark.ink), 'fill-opacity': 0.28 },
      hollow: { fill: ink(mark.ink), 'fill-opacity': 0.35, stroke: ink(mark.ink) },
    };
    node = rect(left, band.bottom - height, width, height, fills[mark.fill]);
    mark.y = band.bottom - height / 2;
  }
  mark.x = (left + right) / 2;
  return asMark(node, band, mark);
}

// Makes a node reachable: a name, a role, and a place in the order of the arrow keys.
function asMark(node, band, mark) {
  mark.band = band;
  withAttributes(node, { class: 'mark', role: 'button', tabindex: -1, 'aria-label': mark.words, 'data-key': mark.key });
  chart.marks.push(mark);
  chart.nodes.set(mark.key, { node, mark });
  return node;
}

// The interval of a share, as far as the scale reaches.
function intervalLine(band, mark) {
  const y = (value) => round(band.bottom - Math.min(value / band.scale.max, 1) * band.height);
  const [x, low, high] = [round(mark.x), y(mark.lower), y(mark.upper)];
  // Where the bar says it as well, a line is only noise.
  return low - high < LEAST_BAR ? [] : [line(x, low, x, high, { stroke: ink('share'), 'pointer-events': 'none' })];
}

function stepLines(band) {
  const { axis } = chart;
  const lines = [];
  let points = [];
  let end = null;
  const y = (value) => round(band.bottom - Math.min(value / band.scale.max, 1) * band.height);
  for (const { bin, value } of band.steps) {
    // A break of the axis or of the data is a break of the line.
    if (end !== null && (end.end !== bin.start || Math.abs(end.right - bin.left) > 1)) {
      lines.push(points);
      points = [];
    }
    points.push(`${round(bin.left)},${y(value)}`, `${round(bin.right)},${y(value)}`);
    end = bin;
  }
  lines.push(points);
  return lines
    .filter((one) => one.length)
    .map((one) =>
      shape('polyline', {
        points: one.join(' '),
        fill: 'none',
        stroke: ink('open'),
        'stroke-width': 2,
        'pointer-events': 'none',
      }),
    );
}

// A change with its reach.
function changeParts(band, mark) {
  const row = band.rows[mark.row];
  const y = row.top + row.height / 2;
  const parts = [];
  const color = ink(mark.look.ink);
  if (mark.end - mark.x >= 2) {
    parts.push(
      line(mark.x, y, mark.end, y, { stroke: color, 'stroke-width': 2 }),
      line(mark.end, y - 4, mark.end, y + 4, { stroke: color, 'stroke-width': 2 }),
    );
  }
  mark.y = y;
  parts.push(asMark(symbol(mark.x, y, mark.look.shape, mark.look.ink, mark.radius), band, mark));
  return parts;
}

// The shape of a verdict.
function symbol(x, y, kind, color, r, attributes) {
  const paths = {
    triangle: `M${x} ${y - r}L${x + r} ${y + r - 1}L${x - r} ${y + r - 1}Z`,
    peak: `M${x} ${y + r}L${x + r} ${y - r + 1}L${x - r} ${y - r + 1}Z`,
    diamond: `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`,
    plus: `M${x - 1.5} ${y - r}h3v${r - 1.5}h${r - 1.5}v3h${1.5 - r}v${r - 1.5}h-3v${1.5 - r}h${1.5 - r}v-3h${r - 1.5}Z`,
  };
  if (kind === 'ring') {
    return shape('circle', {
      cx: round(x),
      cy: round(y),
      r: r - 1,
      fill: ink('paper'),
      stroke: ink(color),
      'stroke-width': 2,
      ...attributes,
    });
  }
  const edge = kind === 'plus' ? { stroke: ink('paper'), 'stroke-width': 1.5, 'paint-order': 'stroke' } : {};
  return shape('path', { d: paths[kind], fill: ink(color), ...edge, ...attributes });
}

// One mark at a time is in the order of the Tab key; the arrows move on from it. A mark that had the focus hands it to the
// one that now stands nearest in its band.
function restoreFocus(focused) {
  const known = chart.nodes.get(state.mark)?.mark;
  const next = focused ? (chart.nodes.get(focused.key)?.mark ?? nearestTo(focused)) : null;
  const first = next ?? known ?? chart.marks[0];
  if (first) chart.nodes.get(first.key).node.setAttribute('tabindex', 0);
  if (next) chart.nodes.get(next.key).node.focus();
  if (known) chart.nodes.get(known.key).node.classList.add('is-on');
}

function nearestTo(mark) {
  const own = chart.marks.filter((one) => one.band.id === mark.band.id);
  const distance = (one) => Math.abs(middleOf(one) - middleOf(mark));
  return (own.length ? own : chart.marks).reduce(
    (best, one) => (best && distance(best) <= distance(one) ? best : one),
    null,
  );
}

// The instant in the middle of a mark.
function middleOf(mark) {
  return mark.bin ? (mark.bin.start + mark.bin.end) / 2 : mark.at;
}
