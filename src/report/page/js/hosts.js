// The band of hosts: one row a host, one tile a bin, colored by the share of attempts that failed.

const ROW = 16;
const STATE = 3;
const HEAT = [0.1, 0.25, 0.5];
const HEAT_WORDS = ['under 10%', 'under 25%', 'under 50%', 'more'];

// The rows of the static picture, as far as the filter leaves their hosts.
function hostRows() {
  const kept = new Set(hostsInView());
  return DATA.host_rows
    .map((members) => members.filter((host) => kept.has(host)))
    .filter((members) => members.length)
    .map((members) => {
      const first = DATA.hosts[members[0]];
      const isOne = members.length === 1;
      const name = isOne ? first : `${members.length} more hosts`;
      return { name, title: isOne ? first : `${name}, ${first} among them`, members, height: ROW };
    });
}

// Host by time, in the order in which the hosts were hit; equal neighbors become one tile.
function hostsBands(axis, attempts) {
  const rows = hostRows();
  if (!rows.length) return [];
  const arrivals = rows.map((row) => (row.members.length === 1 ? arrivalsAt(row.members[0]) : []));
  const marks = tilesOfRows(axis, rows, arrivals, attempts);
  const notes = [{ text: 'share of attempts that failed' }];
  if (DATA.incidents.length) notes.push({ text: 'in the order in which they were hit' });
  const has = (verdict) => arrivals.some((list) => list.some((one) => one.verdict === verdict));
  if (has('root cause')) notes.push({ sign: 'triangle', ink: 'text', text: 'got the change' });
  if (has('remedy')) notes.push({ sign: 'plus', ink: 'remedy', text: 'got the remedy' });
  return [{ id: 'hosts', title: 'Hosts', notes, rows, height: rows.length * ROW, marks, arrivals, missing: 'rows' }];
}

// Whether a failure is what the picture is about.
function isSubject(one) {
  if (!one.isFailure || !isSignature(one.signature)) return false;
  if (state.signature !== '') return true;
  return DATA.incidents.length ? DATA.signatures[one.signature]?.of_incident === true : one.isService;
}

// Tiles of all rows. In the row of one host they begin anew where a change reached it, so that none shows failures before
// their cause.
function tilesOfRows(axis, rows, arrivals, attempts) {
  const rowOf = new Map(rows.flatMap((row, index) => row.members.map((host) => [host, index])));
  const cuts = arrivals.map((list) => list.map((one) => one.at));
  const cells = rows.map(() => new Map());
  for (const one of attempts) {
    const [row, bin] = [rowOf.get(one.host), binAt(axis, one.at)];
    if (row === undefined || bin < 0) continue;
    const piece = cuts[row].filter((cut) => cut <= one.at).length;
    const key = bin * 1000 + piece;
    if (!cells[row].has(key)) cells[row].set(key, { bin: axis.bins[bin], piece, tried: 0, failed: 0, rows: [] });
    const cell = cells[row].get(key);
    cell.tried += one.weight;
    if (isSubject(one)) cell.failed += one.weight;
    cell.rows.push(one);
  }
  return cells.flatMap((row, index) => tilesOf(axis, [...row.values()], cuts[index], rows[index].title, index));
}

// The tiles of one row; its cells come by time.
function tilesOf(axis, cells, cuts, title, row) {
  const tiles = [];
  for (const { bin, piece, tried, failed, rows } of cells) {
    const start = Math.max(bin.start, cuts[piece - 1] ?? bin.start);
    const end = Math.min(bin.end, cuts[piece] ?? bin.end);
    const share = failed / tried;
    const heat = share <= 0 ? 'calm' : `heat-${HEAT.filter((step) => share >= step).length}`;
    const last = tiles.at(-1);
    if (last && last.ink === heat && last.bin.end === start && !cuts.includes(start)) {
      last.bin.end = end;
      last.failed += failed;
      last.tried += tried;
      last.rows.push(...rows);
    } else {
      tiles.push({
        key: `hosts/${title}@${start}`,
        bin: { start, end },
        row,
        ink: heat,
        failed,
        tried,
        rows: [...rows],
      });
    }
  }
  for (const tile of tiles) {
    [tile.bin.left, tile.bin.right] = [xOf(axis, tile.bin.start), xOf(axis, tile.bin.end, true)];
    const all = counted(tile.tried, 'attempt');
    const some = `${grouped(tile.failed)} of ${all} failed (${percent(tile.failed / tile.tried)})`;
    tile.words = `${title}: ${tile.failed > 0 ? some : `${all}, none failed`}, ${spanText(tile.bin.start, tile.bin.end)}`;
    tile.rows.sort((a, b) => b.isFailure - a.isFailure || a.at - b.at);
  }
  return tiles;
}

// When a host got what is guilty, what contributes and what ended it; nothing of changes whose hosts are not known.
function arrivalsAt(host) {
  const telling = DATA.changes.filter(
    (change) => change.hosts_known && ['root cause', 'contributing', 'remedy'].includes(change.verdict),
  );
  const own = telling.flatMap((change) =>
    change.hosts.filter(([one]) => one === host).map(([, at]) => ({ at, verdict: change.verdict })),
  );
  return own.sort((a, b) => a.at - b.at);
}

// What a host has, as a line at the foot of its row, and a symbol where it got it.
function stateParts(band) {
  const { axis } = chart;
  const parts = [];
  band.rows.forEach((row, index) => {
    const bottom = row.top + row.height;
    const lasting = band.arrivals[index].filter((one) => one.verdict !== 'contributing');
    lasting.forEach((one, place) => {
      const to = lasting[place + 1]?.at ?? axis.parts.at(-1).end;
      for (const part of axis.parts) {
        const [start, end] = [Math.max(one.at, part.start), Math.min(to, part.end)];
        if (start >= end) continue;
        const x = xOf(axis, start);
        const fill = ink(one.verdict === 'remedy' ? 'remedy' : 'text');
        const look = { fill, 'fill-opacity': 0.55, 'pointer-events': 'none' };
        parts.push(rect(x, bottom - STATE, xOf(axis, end, true) - x, STATE - 1, look));
      }
    });
    for (const one of band.arrivals[index].filter(({ at }) => shows(axis, at))) {
      const { shape: kind, ink: own } = LOOKS[one.verdict];
      const color = kind === 'triangle' ? 'text' : own;
      parts.push(symbol(xOf(axis, one.at), row.top + row.height / 2, kind, color, 5, { 'pointer-events': 'none' }));
    }
  });
  return parts;
}
