// Where an instant stands, into which bins time is cut, and where the ticks are: the rules of the static picture.

const BIN_PIXELS = 4;
const BINS = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 86400, 172800, 604800].map(
  (s) => s * 1000,
);
const TICKS = [
  1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2419200, 7257600,
  14515200, 31449600,
].map((s) => s * 1000);

// The axis of the span in view between two edges in pixels. Unzoomed it has the parts of the static picture.
function makeAxis(left, right) {
  const width = right - left;
  const [from, to] = span();
  const raw = state.from === null && DATA.parts.length ? DATA.parts : [[from, to, 0, 1]];
  const parts = raw.map(([start, end, low, high]) => {
    const part = { start, end, left: left + low * width, right: left + high * width };
    part.bin = binLength(end - start, part.right - part.left);
    return part;
  });
  const bins = parts.flatMap((part) => cutIntoBins(part));
  const axis = { left, right, parts, bins, unit: Math.min(...parts.map((part) => part.bin)) };
  for (const bin of bins) [bin.left, bin.right] = [xOf(axis, bin.start), xOf(axis, bin.end, true)];
  return axis;
}

function binLength(length, pixels) {
  const wanted = length / Math.max(pixels / BIN_PIXELS, 1);
  return BINS.find((bin) => bin >= wanted) ?? Math.ceil(wanted / BINS.at(-1)) * BINS.at(-1);
}

// Cuts a part into bins that begin anew at the onset and at the guilty change, so that no failure is painted before its
// cause; a remainder of less than a quarter of a bin joins the bin before it.
function cutIntoBins(part) {
  const bins = [];
  const stops = DATA.anchors.filter((at) => part.start < at && at < part.end).sort((a, b) => a - b);
  let start = part.start;
  let isAnchored = DATA.anchors.includes(start);
  for (const stop of [...new Set(stops), part.end]) {
    for (let from = start; from < stop;) {
      const next = isAnchored || from > start ? from + part.bin : (Math.floor(from / part.bin) + 1) * part.bin;
      let end = Math.min(next, stop);
      if (stop - end < part.bin / 4) end = stop;
      bins.push({ start: from, end, nominal: part.bin, isPartial: end - from < part.bin * 0.999 });
      from = end;
    }
    start = stop;
    isAnchored = true;
  }
  return bins;
}

// Where an instant stands. The end of a span is the first instant after it, which may stand behind a break.
function xOf(axis, at, isEnd) {
  const part =
    axis.parts.find((one) => (isEnd ? one.start < at && at <= one.end : at < one.end)) ??
    (at <= axis.parts[0].start ? axis.parts[0] : axis.parts.at(-1));
  const share = (at - part.start) / Math.max(part.end - part.start, 1);
  return part.left + Math.min(Math.max(share, 0), 1) * (part.right - part.left);
}

// The instant at a pixel.
function atPixel(axis, x) {
  const part = axis.parts.find((one) => x <= one.right) ?? axis.parts.at(-1);
  const share = (x - part.left) / Math.max(part.right - part.left, 1);
  return part.start + Math.min(Math.max(share, 0), 1) * (part.end - part.start);
}

function shows(axis, at) {
  return axis.parts.some((part) => part.start <= at && at < part.end);
}

// The place of the bin that holds an instant; -1 for none.
function binAt(axis, at) {
  let [low, high] = [0, axis.bins.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (axis.bins[middle].end <= at) low = middle + 1;
    else high = middle;
  }
  return low < axis.bins.length && axis.bins[low].start <= at ? low : -1;
}

// Ticks at round times of the reader's zone; no label overlaps another.
function ticksOf(axis) {
  const ticks = [];
  const free = [-Infinity, -Infinity];
  for (const part of axis.parts) {
    const perMilli = (part.right - part.left) / Math.max(part.end - part.start, 1);
    const step = TICKS.find((one) => one * perMilli >= tickPixels(one)) ?? TICKS.at(-1);
    let day = null;
    for (const at of gridOf(part, step)) {
      const x = xOf(axis, at);
      const byDay = step >= DAY;
      const lines = [
        byDay ? dayText(at, step === DAY) : clockText(at, step < MINUTE),
        byDay || dateText(at) === day ? '' : dayText(at, true),
      ];
      const tick = { x, at, lines: ['', ''] };
      lines.forEach((text, line) => {
        const half = textWidth(text, 11, false) / 2;
        if (text === '' || x - half <= free[line] || x + half > axis.right + 14) return;
        free[line] = x + half + 8;
        tick.lines[line] = text;
        if (line === 1) day = dateText(at);
      });
      ticks.push(tick);
    }
  }
  return ticks;
}

function tickPixels(step) {
  const text = step === DAY ? 'Wed 28 Sep' : step > DAY ? '28 Sep' : step < MINUTE ? '00:00:00' : '00:00';
  return textWidth(text, 11, false) + 18;
}

// The instants of a grid in civil time; grids of whole weeks stand on Mondays.
function* gridOf(part, step) {
  const shift = step % (7 * DAY) === 0 ? 4 * DAY : 0;
  let last = -Infinity;
  const wall = part.start + offsetAt(part.start, state.zone);
  for (let civilAt = Math.ceil((wall - shift) / step) * step + shift; ; civilAt += step) {
    const guess = civilAt - offsetAt(civilAt, state.zone);
    const at = civilAt - offsetAt(guess, state.zone);
    if (at >= part.end) return;
    if (at >= part.start && at > last) yield at;
    last = Math.max(last, at);
  }
}

// A unit of time in words: `hour`, `15 min`, `day`.
function unitText(length) {
  const seconds = Math.round(length / 1000);
  if (seconds === 3600) return 'hour';
  if (seconds === 86400) return 'day';
  if (seconds === 60) return 'minute';
  if (seconds % 86400 === 0) return `${seconds / 86400} days`;
  if (seconds % 3600 === 0) return `${seconds / 3600} hours`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

// A length in words: `1 hour`, `15 min`.
function lengthText(length) {
  const unit = unitText(length);
  return /^\d/.test(unit) ? unit : `1 ${unit}`;
}
