// The lane of changes: shape, color and word. The most telling get a label, the others a place in a row of clusters.

const CHANGE_ROWS = 6;
const CHANGE_LABELS = 16;
const CLUSTER = 26;
const LABEL = 360;
const LOOKS = {
  'root cause': { shape: 'triangle', ink: 'guilty', rank: 0, worst: 0 },
  contributing: { shape: 'triangle', ink: 'contributing', rank: 2, worst: 1 },
  remedy: { shape: 'plus', ink: 'remedy', rank: 1, worst: 2 },
  unproven: { shape: 'diamond', ink: 'unproven', rank: 3, worst: 3 },
  acquitted: { shape: 'ring', ink: 'acquitted', rank: 3, worst: 4 },
};

function lookOf(change) {
  return LOOKS[change.verdict] ?? LOOKS.unproven;
}

function rankOf(change) {
  const { rank } = lookOf(change);
  return rank === 3 && change.is_routine ? 4 : rank;
}

// The changes that the filters leave.
function changesInView() {
  return DATA.changes.filter(
    (change) =>
      (state.change === '' || change.id === state.change) &&
      (state.host === '' || change.hosts.some(([host]) => DATA.hosts[host] === state.host)),
  );
}

// From the first host to the last.
function reachOf(change) {
  const times = change.hosts_known ? change.hosts.map(([, at]) => at) : [];
  return times.length ? [Math.min(...times), Math.max(...times)] : [change.at, change.at];
}

// The same of those hosts that got it in the span in view; null if none did.
function reachInView(axis, change) {
  const known = change.hosts_known && change.hosts.length ? change.hosts.map(([, at]) => at) : [change.at];
  const times = known.filter((at) => shows(axis, at));
  return times.length ? [Math.min(...times), Math.max(...times)] : null;
}

function changeWords(change) {
  const [first, last] = reachOf(change);
  const probability = change.verdict === 'root cause' ? ` ${percent(change.probability)}` : '';
  const when = first === last ? stamp(first) : `${stamp(first)} to ${stamp(last)}`;
  return `${change.name}: ${change.verdict ?? 'no verdict'}${probability}, ${when} ${zoneName()}, ${change.hosts_known ? counted(change.hosts.length, 'host') : 'hosts not known'}`;
}

function changeLabel(change) {
  const probability = change.verdict === 'root cause' ? ` ${percent(change.probability)}` : '';
  const unknown = change.hosts_known ? '' : ', hosts not known';
  return `${change.verdict ? ` · ${change.verdict}${probability}` : ''}${unknown}`;
}

// A row behind the mark of a change.
function changeRow(change) {
  return { at: change.at, what: change.name, places: change.places, weight: 1 };
}

function changeBands(axis) {
  const onset = DATA.incidents[0]?.start;
  const distance = (change) => (onset === undefined ? 0 : Math.abs(change.at - onset));
  const ranked = changesInView()
    .filter((change) => reachInView(axis, change) !== null)
    .sort(
      (a, b) => rankOf(a) - rankOf(b) || distance(a) - distance(b) || a.id.localeCompare(b.id, 'en', { numeric: true }),
    );
  if (!ranked.length) return [];
  const guilty = DATA.changes.find((change) => change.verdict === 'root cause');
  const line = guilty && shows(axis, reachOf(guilty)[0]) ? xOf(axis, reachOf(guilty)[0]) : null;
  const taken = [];
  const marks = [];
  const rest = [];
  ranked.forEach((change, index) => {
    const mark = index < CHANGE_LABELS ? placed(axis, change, taken, line) : null;
    if (mark) marks.push(mark);
    else rest.push(change);
  });
  const rows = taken.map(() => ({ name: '', height: 20 }));
  if (rest.length) {
    rows.push({ name: `${rest.length} more, clustered`, height: 18 }, { name: '', height: 14 });
    marks.push(...clusters(axis, rest, rows.length - 2));
  }
  const height = rows.reduce((sum, row) => sum + row.height, 0);
  return [{ id: 'changes', title: 'Changes', notes: [], rows, height, marks, symbols: true }];
}

// Puts a change with its label into the first row with room for both; null if there is none. The label of what acts is cut
// rather than left out.
function placed(axis, change, taken, line) {
  const lengths = lookOf(change).rank <= 2 ? [LABEL, 240, 170] : [LABEL];
  for (const pixels of lengths) {
    const mark = placedWith(axis, change, taken, line, pixels);
    if (mark) return mark;
  }
  return null;
}

function placedWith(axis, change, taken, line, pixels) {
  const [first, last] = reachInView(axis, change);
  const [x, end] = [xOf(axis, first), xOf(axis, last)];
  const isBold = rankOf(change) === 0;
  const tail = changeLabel(change);
  const room = Math.min(pixels, axis.right - axis.left - 40);
  const label = fitted(change.name, Math.max(room - textWidth(tail, 12.5, isBold), 40), 12.5, isBold) + tail;
  const width = textWidth(label, 12.5, isBold);
  const sides = [
    { anchor: 'start', from: x - 12, to: end + 12 + width, words: [end + 12, end + 12 + width] },
    { anchor: 'end', from: x - 12 - width, to: end, words: [x - 12 - width, x - 12] },
  ];
  const isFree = (one, row) => (taken[row] ?? []).every(([from, to]) => one.to + 10 < from || to + 10 < one.from);
  const isClear = (one) => line === null || line < one.words[0] - 3 || one.words[1] + 3 < line;
  const fits = (one) => one.from >= axis.left - 12 && one.to <= axis.right + 4 && isClear(one);
  for (let row = 0; row < CHANGE_ROWS; row += 1) {
    const side = sides.find((one) => fits(one) && isFree(one, row));
    if (!side) continue;
    (taken[row] ??= []).push([side.from, side.to]);
    const isStart = side.anchor === 'start';
    const text = {
      text: label,
      anchor: side.anchor,
      x: isStart ? end + 12 : x - 12,
      isBold,
      isQuiet: change.verdict === 'acquitted',
    };
    return { ...changeMark(change, [change], x, first), row, end, radius: 6, label: text };
  }
  return null;
}

// The mark of a change, or of several that stand together.
function changeMark(change, together, x, at) {
  const look = together.map(lookOf).reduce((worst, one) => (one.worst < worst.worst ? one : worst));
  const names = together
    .slice(0, 4)
    .map((one) => one.name)
    .join('; ');
  const many = `${together.length} changes: ${names}${together.length > 4 ? '; …' : ''}, from ${stamp(at)} ${zoneName()}`;
  return {
    key: `changes/${together[0].id}`,
    x,
    end: x,
    at,
    look,
    rows: together.map(changeRow),
    words: together.length === 1 ? changeWords(change) : many,
  };
}

// Changes without a label, drawn together where they stand too close: the gravest verdict gives the shape.
function clusters(axis, changes, row) {
  const first = new Map(changes.map((change) => [change, reachInView(axis, change)[0]]));
  const cells = new Map();
  for (const change of changes) {
    const cell = Math.floor((xOf(axis, first.get(change)) - axis.left) / CLUSTER);
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push(change);
  }
  const inOrder = [...cells.entries()].sort((a, b) => a[0] - b[0]);
  return inOrder.map(([, together]) => {
    together.sort((a, b) => first.get(a) - first.get(b));
    const middle = together[together.length >> 1];
    const mark = changeMark(middle, together, xOf(axis, first.get(middle)), first.get(together[0]));
    return { ...mark, row, radius: 4, number: together.length > 1 ? together.length : null };
  });
}
