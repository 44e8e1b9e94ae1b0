// The band of hosts: one row a host, one tile a bin, colored by the share of attempts that failed.

const MAX_HOSTS = 72;
const MAX_NAMED = 24;
const HEAT = [0.1, 0.25, 0.5];
const HEAT_WORDS = ['under 10%', 'under 25%', 'under 50%', 'more'];

// Host by time, in the order in which the hosts were hit; equal neighbors become one tile.
function hostsBands(axis, attempts) {
  const hosts = hostsInView();
  if (!hosts.length) return [];
  const own = hosts.length > MAX_HOSTS ? hosts.slice(0, MAX_HOSTS - 1) : hosts;
  const isNamed = hosts.length <= MAX_NAMED;
  const rows = own.map((host, place) => {
    const hasName = isNamed || (place % 2 === 0 && place + 1 < own.length);
    return {
      name: hasName ? DATA.hosts[host] : '',
      title: DATA.hosts[host],
      members: [host],
      height: isNamed ? 16 : 8,
    };
  });
  if (own.length < hosts.length) {
    const rest = hosts.slice(own.length);
    rows.push({ name: `${rest.length} more hosts`, title: `${rest.length} more hosts`, members: rest, height: 16 });
  }
  const rowOf = new Map(rows.flatMap((row, index) => row.members.map((host) => [host, index])));
  const cells = rows.map(() => axis.bins.map(() => null));
  for (const one of attempts) {
    const [row, bin] = [rowOf.get(one.host), binAt(axis, one.at)];
    if (row === undefined || bin < 0) continue;
    cells[row][bin] ??= { tried: 0, failed: 0, rows: [] };
    const cell = cells[row][bin];
    cell.tried += one.weight;
    if (isSubject(one)) cell.failed += one.weight;
    cell.rows.push(one);
  }
  const marks = cells.flatMap((row, index) => tilesOf(axis, row, rows[index], index));
  const notes = [
    { text: DATA.incidents.length ? 'in the order in which they were hit' : 'share of attempts that failed' },
  ];
  const has = (verdict) => DATA.changes.some((change) => change.verdict === verdict);
  if (has('root cause')) notes.push({ sign: 'triangle', ink: 'text', text: 'got the change' });
  if (has('remedy')) notes.push({ sign: 'plus', ink: 'remedy', text: 'got the remedy' });
  return [
    {
      id: 'hosts',
      title: 'Hosts',
      notes,
      rows,
      height: rows.reduce((sum, row) => sum + row.height, 0),
      marks,
      arrivals: arrivalsOf(axis, rowOf, own.length),
      missing: 'rows',
    },
  ];
}

// Whether a failure is what the picture is about.
function isSubject(one) {
  if (!one.isFailure || !isSignature(one.signature)) return false;
  if (state.signature !== '') return true;
  return DATA.incidents.length ? DATA.signatures[one.signature]?.of_incident === true : one.isService;
}

function tilesOf(axis, cells, row, place) {
  const tiles = [];
  cells.forEach((cell, index) => {
    const bin = axis.bins[index];
    const last = tiles.at(-1);
    if (cell === null) return;
    const share = cell.failed / cell.tried;
    const heat = share <= 0 ? 'calm' : `heat-${HEAT.filter((step) => share >= step).length}`;
    if (last && last.ink === heat && last.bin.end === bin.start && last.lastBin === index - 1) {
      last.bin = { ...last.bin, end: bin.end, right: bin.right };
      last.lastBin = index;
      last.failed += cell.failed;
      last.tried += cell.tried;
      last.rows.push(...cell.rows);
    } else {
      const key = `hosts/${row.title}@${bin.start}`;
      tiles.push({
        key,
        bin: { ...bin },
        row: place,
        ink: heat,
        lastBin: index,
        failed: cell.failed,
        tried: cell.tried,
        rows: [...cell.rows],
      });
    }
  });
  for (const tile of tiles) {
    const failed =
      tile.failed > 0
        ? `${grouped(tile.failed)} of ${counted(tile.tried, 'attempt')} failed (${percent(tile.failed / tile.tried)})`
        : `${counted(tile.tried, 'attempt')}, none failed`;
    tile.words = `${row.title}: ${failed}, ${spanText(tile.bin.start, tile.bin.end)}`;
    tile.rows.sort((a, b) => b.isFailure - a.isFailure || a.at - b.at);
  }
  return tiles;
}

// When each host got the guilty change and the remedy.
function arrivalsOf(axis, rowOf, nOwn) {
  const telling = DATA.changes.filter((change) => change.verdict === 'root cause' || change.verdict === 'remedy');
  return telling.flatMap((change) =>
    change.hosts
      .filter(([host, at]) => rowOf.get(host) < nOwn && shows(axis, at))
      .map(([host, at]) => ({ row: rowOf.get(host), at, verdict: change.verdict })),
  );
}
