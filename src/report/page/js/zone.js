// Civil time in the zone that the reader chose. Instants are milliseconds since 1970; UTC is the default.

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const clocks = new Map();
const offsets = new Map();

function isZone(zone) {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

// By how much the clocks of the zone are ahead of UTC. Zones change at quarters of an hour at the most.
function offsetAt(at, zone) {
  if (zone === 'UTC') return 0;
  const quarter = Math.floor(at / (15 * MINUTE));
  const key = `${zone} ${quarter}`;
  if (!offsets.has(key)) {
    if (!clocks.has(zone)) {
      const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' };
      clocks.set(zone, new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...fields }));
    }
    const instant = quarter * 15 * MINUTE;
    const part = {};
    for (const one of clocks.get(zone).formatToParts(instant)) part[one.type] = Number(one.value);
    offsets.set(key, Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute) - instant);
  }
  return offsets.get(key);
}

// A date whose UTC fields are the civil ones.
function civil(at) {
  return new Date(at + offsetAt(at, state.zone));
}

function two(number) {
  return String(number).padStart(2, '0');
}

function clockText(at, hasSeconds) {
  const date = civil(at);
  const minutes = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return hasSeconds ? `${minutes}:${two(date.getUTCSeconds())}` : minutes;
}

// `2022-08-22`
function dateText(at) {
  const date = civil(at);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

// `2022-08-22 07:10`, or with seconds.
function stamp(at, hasSeconds) {
  return `${dateText(at)} ${clockText(at, hasSeconds)}`;
}

// `Mon 22 Aug`, or `22 Aug`.
function dayText(at, hasWeekday) {
  const date = civil(at);
  const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  return hasWeekday ? `${DAYS[date.getUTCDay()]} ${day}` : day;
}

// `Mon 22 Aug 07:00–08:00 UTC`; the end stands with its day where that is another.
function spanText(start, end) {
  const hasSeconds = (end - start) % MINUTE !== 0 && end - start < 10 * MINUTE;
  const sameDay = dateText(start) === dateText(end - 1);
  if (sameDay && end - start === DAY && clockText(start) === '00:00') {
    return `${dayText(start, true)} (${zoneName()})`;
  }
  const last = sameDay ? clockText(end, hasSeconds) : `${dayText(end, true)} ${clockText(end, hasSeconds)}`;
  return `${dayText(start, true)} ${clockText(start, hasSeconds)}–${last} ${zoneName()}`;
}

function zoneName() {
  return state.zone;
}

// The instant of a civil time such as `2022-08-22 07:10`; null if it is none.
function fromLocal(text) {
  const found = /^\s*(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?\s*$/.exec(text);
  const wall = found ? Date.parse(`${found[1]}T${found[2] ?? '00:00'}Z`) : NaN;
  if (Number.isNaN(wall)) return null;
  const guess = wall - offsetAt(wall, state.zone);
  return wall - offsetAt(guess, state.zone);
}
