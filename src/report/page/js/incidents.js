// The band of incidents: from onset to end, with the worst hour, and the intervals in which these moments lie.

const INCIDENT_ROWS = 5;
const INCIDENT_ROW = 22;
const INCIDENT_LABEL = 640;

// The incidents that the span in view meets.
function incidentBands(axis) {
  const [from, to] = [axis.parts[0].start, axis.parts.at(-1).end];
  const met = DATA.incidents.filter((one) => one.start < to && (one.end ?? to) > from).slice(0, INCIDENT_ROWS);
  if (!met.length) return [];
  const rows = [];
  const marks = [];
  for (const incident of met) {
    const mark = incidentMark(axis, incident, rows.length);
    rows.push({ name: '', height: INCIDENT_ROW });
    marks.push(mark);
    const place = incidentLabel(axis, mark, incident);
    if (place.isBelow) rows.push({ name: '', height: 16 });
    mark.label = place;
  }
  const height = () => rows.reduce((sum, row) => sum + row.height, 0);
  if (height() < 40) rows.push({ name: '', height: 40 - height() });
  const notes = [{ sign: 'peak', ink: 'text', text: 'worst hour' }];
  if (met.some((one) => one.intervals.length)) notes.push({ sign: 'between', ink: 'text', text: '95% intervals' });
  const title = DATA.incidents.length === 1 ? 'Incident' : 'Incidents';
  return [{ id: 'incidents', title, notes, rows, height: height(), marks, inset: 8 }];
}

function incidentMark(axis, incident, row) {
  const [from, to] = [axis.parts[0].start, axis.parts.at(-1).end];
  const bin = { start: Math.max(incident.start, from), end: Math.min(incident.end ?? to, to) };
  [bin.left, bin.right] = [xOf(axis, bin.start), xOf(axis, bin.end, true)];
  const isOwn = (one) => one.isFailure && incident.signatures.includes(one.signature);
  const rows = ATTEMPTS.slice(firstFrom(ATTEMPTS, bin.start), firstFrom(ATTEMPTS, bin.end)).filter(isOwn);
  const isMain = incident === DATA.incidents[0];
  const end = incident.end === null ? 'goes on at the end of the logs' : `to ${stamp(incident.end)}`;
  const words = `${incident.label}: from ${stamp(incident.start)} ${end} ${zoneName()}, worst from ${stamp(incident.peak)}`;
  return { key: `incidents/${incident.id}`, bin, row, ink: isMain ? 'edge' : 'missing', rows, words, incident };
}

// Behind the incident and its intervals, before them, or in a row below.
function incidentLabel(axis, mark, incident) {
  const isBold = incident === DATA.incidents[0];
  const edges = incident.intervals
    .flat()
    .concat(mark.bin.start, mark.bin.end)
    .filter((at) => shows(axis, at));
  const [first, last] = [
    Math.min(...edges.map((at) => xOf(axis, at))),
    Math.max(...edges.map((at) => xOf(axis, at)), mark.bin.right),
  ];
  const text = fitted(incident.label, Math.min(INCIDENT_LABEL, axis.right - axis.left), 12.5, isBold);
  const width = textWidth(text, 12.5, isBold) + 10;
  const look = { text, isBold, isQuiet: !isBold };
  if (last + width <= axis.right) return { ...look, anchor: 'start', x: last + 10 };
  if (first - width >= axis.left) return { ...look, anchor: 'end', x: first - 10 };
  const fitsRight = mark.bin.left + width <= axis.right;
  const x = fitsRight ? mark.bin.left : axis.right;
  return { ...look, anchor: fitsRight ? 'start' : 'end', x, isBelow: true };
}

// The worst hour and the intervals.
function momentParts(band) {
  const { axis } = chart;
  const quiet = { stroke: ink('text'), 'pointer-events': 'none' };
  return band.marks.flatMap(({ incident, y }) => {
    const parts = [];
    for (const [start, end] of incident.intervals) {
      if (!shows(axis, start) || !shows(axis, end - 1)) continue;
      const [left, right] = [round(xOf(axis, start)), round(xOf(axis, end, true))];
      const isPeak = start <= incident.peak && incident.peak < end && start !== incident.start;
      const [at, reach] = isPeak ? [y - 7, 2] : [y, 4];
      parts.push(line(left, at, right, at, quiet), line(left, at - reach, left, at + reach, quiet));
      parts.push(line(right, at - reach, right, at + reach, quiet));
    }
    if (shows(axis, incident.peak)) parts.push(symbol(round(xOf(axis, incident.peak)), y - 8, 'peak', 'text', 4));
    return parts;
  });
}
