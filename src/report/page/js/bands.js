// Turns attempts into bands of marks: the lanes and rules of the static picture, for the span and the filters in view.
//
// A mark has a key that names it in links, words for the read-out, a bin or span, and the rows behind it.

const OWN_LANES = 4;
const FEW_ATTEMPTS = 5;

function weighed(rows) {
  return rows.reduce((sum, row) => sum + row.weight, 0);
}

// Rows by the bin that holds them.
function binned(axis, rows) {
  const bins = axis.bins.map(() => []);
  for (const row of rows) {
    const bin = binAt(axis, row.at);
    if (bin >= 0) bins[bin].push(row);
  }
  return bins;
}

// A scale that ends at a round number.
function roundScale(max) {
  const size = 10 ** Math.floor(Math.log10(Math.max(max, 1)));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((one) => one * size >= Math.max(max, 1)) ?? 10;
  return { max: step * size, label: String(Math.round(step * size * 10) / 10) };
}

// The times of the span in view that no source of these hosts covers, without slivers too short to see.
function missingOf(axis, hosts) {
  const spans = hosts.flatMap((host) => DATA.covered[host] || []).sort((a, b) => a[0] - b[0]);
  const [from, to] = [axis.parts[0].start, axis.parts.at(-1).end];
  const missing = [];
  let at = from;
  for (const [start, end] of spans) {
    if (start > at) missing.push([at, Math.min(start, to)]);
    at = Math.max(at, end);
    if (at >= to) break;
  }
  if (at < to) missing.push([at, to]);
  const least = state.from === null ? Math.max(axis.unit, HOUR) : axis.unit;
  return missing.filter(([start, end]) => end - start >= least);
}

// The hosts that the filter leaves, by their places.
function hostsInView() {
  return DATA.hosts.map((_, index) => index).filter((index) => state.host === '' || DATA.hosts[index] === state.host);
}

function bars(axis, id, rowsByBin, ink, words) {
  const marks = [];
  let max = 0;
  rowsByBin.forEach((rows, index) => {
    if (rows.length === 0) return;
    const bin = axis.bins[index];
    const value = (weighed(rows) * axis.unit) / bin.nominal;
    max = Math.max(max, value);
    marks.push({
      key: `${id}@${bin.start}`,
      bin,
      value,
      ink,
      fill: bin.isPartial ? 'hollow' : 'solid',
      rows,
      words: words(rows, bin),
    });
  });
  return { marks, scale: roundScale(max) };
}

// Failures by signature, each in a band of its own from 0; beyond the first ones together.
function failureBands(axis, attempts) {
  const failed = attempts.filter((one) => one.isFailure && isSignature(one.signature));
  const listed = DATA.signatures.map((_, index) => index).filter(isSignature);
  const lanes = listed
    .slice(0, OWN_LANES)
    .map((index) => [`failures/${DATA.signatures[index].id}`, DATA.signatures[index].title, [index]]);
  const rest = listed.slice(OWN_LANES);
  if (rest.length) lanes.push(['failures/other', `${counted(rest.length, 'other signature')}`, rest]);
  if (!lanes.length) lanes.push(['failures/none', 'No failures', []]);
  return lanes.map(([id, title, members], place) => {
    const own = new Set(members);
    const rows = binned(
      axis,
      failed.filter((one) => own.has(one.signature)),
    );
    const words = (found, bin) => `${title}: ${counted(weighed(found), 'failure')}, ${spanText(bin.start, bin.end)}`;
    const { marks, scale } = bars(axis, id, rows, inkOf(members, place), words);
    return {
      id,
      title,
      notes: place === 0 ? [{ text: `failures per ${unitText(axis.unit)}` }] : [],
      height: place === 0 ? 64 : 34,
      scale,
      marks,
      missing: 'all',
    };
  });
}

// The incident's own signatures have strong colors; those of the users' own faults stay gray.
function inkOf(members, place) {
  const inks = ['guilty', 'contributing', 'third', 'other'];
  if (members.length !== 1) return 'other';
  const signature = DATA.signatures[members[0]];
  const hasIncident = DATA.incidents.length > 0;
  if (!signature.of_incident && signature.of_user) return 'other';
  const order = members[0] < inks.length ? members[0] : place;
  return hasIncident ? inks[order % 4] : inks[(order + 1) % 4];
}

// The share of attempts that failed, with its interval; a share of few attempts does not stretch the scale.
function shareBand(axis, attempts) {
  const seen = binned(
    axis,
    attempts.filter((one) => one.outcome !== 'u'),
  );
  const marks = [];
  let max = 0;
  seen.forEach((rows, index) => {
    const bin = axis.bins[index];
    const failed = rows.filter((one) => one.isService && isSignature(one.signature));
    if (failed.length === 0) return;
    const [n, of] = [weighed(failed), weighed(rows)];
    const value = n / of;
    if (of >= FEW_ATTEMPTS) max = Math.max(max, value);
    const [lower, upper] = shareInterval(failed.length, rows.length);
    const interval = `95% interval ${percent(lower)} to ${percent(upper)}`;
    const words = `${grouped(n)} of ${counted(of, 'attempt')} failed (${percent(value)}, ${interval}), ${spanText(bin.start, bin.end)}`;
    marks.push({
      key: `share@${bin.start}`,
      bin,
      value,
      lower,
      upper,
      ink: 'share',
      fill: 'pale',
      rows: failed,
      words,
    });
  });
  const top = [0.05, 0.1, 0.25, 0.5, 1].find((step) => step >= max) ?? 1;
  return {
    id: 'share',
    title: 'Share of attempts that failed',
    notes: [{ ink: 'share', sign: 'upright', text: 'its 95% interval' }],
    height: 48,
    scale: { max: top, label: `${Math.round(top * 100)}%` },
    marks,
    missing: 'all',
  };
}

// The hourly sessions of the hosts in view; those of all where single hosts did not find room.
function openByHour() {
  const { hour, all, hosts } = DATA.load;
  const rows = state.host !== '' && hosts.length ? hostsInView().map((host) => hosts[host] || []) : [all];
  return (index) => {
    const values = rows.map((row) => row[index - hour] ?? -1).filter((value) => value >= 0);
    return values.length ? values.reduce((a, b) => a + b, 0) : null;
  };
}

// People arriving and sessions open; each bin shows its busiest hour.
function loadBand(axis, attempts) {
  const arriving = new Map();
  for (const one of attempts) {
    const hour = Math.floor(one.at / HOUR);
    if (!arriving.has(hour)) arriving.set(hour, new Set());
    arriving.get(hour).add(one.user);
  }
  const scale = DATA.attempts.weight_other;
  const open = openByHour();
  const rowsByBin = binned(axis, attempts);
  const marks = [];
  const steps = [];
  let max = 0;
  axis.bins.forEach((bin, index) => {
    const hours = [Math.floor(bin.start / HOUR), Math.floor((bin.end - 1) / HOUR)];
    let [people, sessions] = [0, null];
    for (let hour = hours[0]; hour <= hours[1]; hour += 1) {
      people = Math.max(people, arriving.get(hour)?.size ?? 0);
      const value = open(hour);
      if (value !== null) sessions = Math.max(sessions ?? 0, value);
    }
    max = Math.max(max, people, sessions ?? 0);
    if (sessions !== null) steps.push({ bin, value: sessions });
    if (rowsByBin[index].length) {
      const many = scale > 1 ? 'at least ' : '';
      const words = `${many}${counted(people, 'user')} arriving in the busiest hour${sessions === null ? '' : `, ${counted(sessions, 'session')} open`}, ${spanText(bin.start, bin.end)}`;
      marks.push({
        key: `load@${bin.start}`,
        bin,
        value: people,
        ink: 'arriving',
        fill: 'solid',
        rows: rowsByBin[index],
        words,
      });
    }
  });
  const notes = [
    { ink: 'open', sign: 'line', text: 'sessions open' },
    { ink: 'arriving', sign: 'box', text: 'users arriving per hour' },
    { text: 'each bin: its busiest hour' },
  ];
  return { id: 'load', title: 'Load', notes, height: 62, scale: roundScale(max), marks, steps, missing: 'all' };
}

// Sessions that did not close. Without a source that can show a close there is no lane: an empty one would claim that all
// went well.
function closesBands(axis) {
  if (!DATA.closes.is_observable) return [];
  const rows = binned(axis, inView(CLOSES));
  const words = (found, bin) => `${counted(found.length, 'session')} did not close, ${spanText(bin.start, bin.end)}`;
  const { marks, scale } = bars(axis, 'closes', rows, 'unclosed', words);
  return [
    {
      id: 'closes',
      title: 'Sessions that did not close',
      notes: [{ text: `per ${unitText(axis.unit)}` }],
      height: 40,
      scale,
      marks,
      missing: 'all',
    },
  ];
}

// All bands from above.
function allBands(axis) {
  const attempts = inView(ATTEMPTS);
  return [
    ...incidentBands(axis),
    ...changeBands(axis),
    ...failureBands(axis, attempts),
    shareBand(axis, attempts),
    loadBand(axis, attempts),
    ...closesBands(axis),
    ...hostsBands(axis, attempts),
  ];
}
