// Reads the data block: columns become rows.

const DATA = JSON.parse(byId('data').textContent);
const OUTCOMES = { s: 'succeeded', f: 'failed', q: 'accepted, then silence', u: 'end not in the logs' };

// Attempts by time. `places` are the records: pairs of a source (with the kind of its numbers) and a number.
const ATTEMPTS = (() => {
  const raw = DATA.attempts;
  let [at, place] = [0, 0];
  return raw.at.map((delta, index) => {
    at += delta;
    const isFailure = raw.outcome[index] === 'f' || raw.outcome[index] === 'q';
    const attempt = {
      at,
      host: raw.host[index],
      user: raw.user[index],
      outcome: raw.outcome[index],
      signature: raw.signature[index],
      isFailure,
      isService: isFailure && raw.fault[index] !== 'u',
      weight: isFailure ? raw.weight_failed : raw.weight_other,
      places: raw.places.slice(place, place + 2 * raw.n_places[index]),
    };
    place += 2 * raw.n_places[index];
    return attempt;
  });
})();

// Sessions that did not close, in the same form.
const CLOSES = (() => {
  const raw = DATA.closes;
  let place = 0;
  const rows = raw.at.map((at, index) => {
    const places = raw.places.slice(place, place + 2 * raw.n_places[index]);
    place += 2 * raw.n_places[index];
    return { at, host: raw.host[index], user: raw.user[index], places, weight: 1 };
  });
  return rows.sort((a, b) => a.at - b.at);
})();

// When each host got each change, by id of the change.
const IN_FORCE = new Map(DATA.changes.map((change) => [change.id, new Map(change.hosts)]));

// The events that came along, by the key of their record.
const EVENTS = new Map(DATA.events.rows.map((row) => [`${row[0]}:${row[1]}`, row]));

// Where a record stands, from its key `12:345`.
function placeOf(key) {
  const [source, number] = key.split(':');
  const path = DATA.sources[Math.floor(Number(source) / 3)];
  if (path === undefined || !/^\d+$/.test(source) || !/^\d+$/.test(number || '')) return null;
  return { path, number, kind: ['record', 'line', 'offset'][Number(source) % 3] };
}

// The fields of the event of a record, as pairs of name and value; empty if it did not come along.
function eventOf(key) {
  const row = EVENTS.get(key);
  const fields = [];
  for (let place = 2; row && place < row.length; place += 2) {
    const value = row[place + 1];
    const textOf = (number) => DATA.events.texts[number];
    fields.push([textOf(row[place]), Array.isArray(value) ? value.map(textOf).join('\n') : textOf(value)]);
  }
  return fields;
}

// The keys of the records of a row.
function keysOf(places) {
  const keys = [];
  for (let place = 0; place < places.length; place += 2) keys.push(`${places[place]}:${places[place + 1]}`);
  return keys;
}

// The first place in rows sorted by time that is not before an instant.
function firstFrom(rows, at) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
