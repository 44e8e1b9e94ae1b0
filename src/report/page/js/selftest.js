// Checks itself for `?selftest`: what the page shows against its own data. Every check leaves the state as it was.

function selftest() {
  const lines = [];
  const before = { ...state };
  const check = (name, test) => {
    let found;
    try {
      found = test();
    } catch (error) {
      found = String(error);
    }
    lines.push(
      found === true ? `ok ${name}` : `NOT OK ${name}${found === false || found === undefined ? '' : `: ${found}`}`,
    );
    Object.assign(state, before);
    render(null);
  };
  for (const [name, test] of CHECKS) check(name, test);
  document.body.append(element('pre', { id: 'selftest' }, `\n${lines.join('\n')}\n`));
}

// Sets a state and shows it, without touching the address.
function look(patch) {
  Object.assign(state, DEFAULTS, patch);
  render(null);
}

function shownRows() {
  return [...byId('attempts-table').tBodies[0].rows];
}

// All rows of the table of attempts, page by page.
function allRows() {
  const rows = [];
  for (let page = 0; ; page += 1) {
    state.page = page;
    renderAttempts();
    rows.push(...shownRows().map((row) => [...row.cells].map((cell) => cell.textContent)));
    if (byId('page-next').disabled) return rows;
  }
}

// The commonest of some values.
function commonest(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.entries()].sort((a, b) => b[1] - a[1])[0]?.[0];
}

// Whether a filter leaves in the table just the attempts that a plain loop over the data leaves.
function keepsExactly(patch, isWanted) {
  look({ outcome: 'all', ...patch });
  const wanted = ATTEMPTS.filter(isWanted).map(
    (one) => `${stamp(one.at, true)} ${DATA.hosts[one.host]} ${DATA.users[one.user]}`,
  );
  const found = allRows().map((cells) => cells.slice(0, 3).join(' '));
  return found.length === wanted.length && found.every((row, index) => row === wanted[index])
    ? true
    : `${found.length} rows, not ${wanted.length}`;
}

const hasAttempts = () => ATTEMPTS.length > 0;
const middleSpan = () =>
  [WINDOW[0] + (WINDOW[1] - WINDOW[0]) / 3, WINDOW[0] + (2 * (WINDOW[1] - WINDOW[0])) / 3].map(Math.round);

// Failures that the bars of the chart stand for.
function drawnFailures() {
  const bands = chart.bands.filter((band) => band.id.startsWith('failures/'));
  return bands.flatMap((band) => band.marks).reduce((sum, mark) => sum + weighed(mark.rows), 0);
}

const CHECKS = [
  [
    'intervals are those of the exact method',
    () => {
      // scipy: beta.ppf(.025, 3, 98), beta.ppf(.975, 4, 97)
      const [lower, upper] = shareInterval(3, 100);
      return Math.abs(lower - 0.00622998) < 1e-6 && Math.abs(upper - 0.08517605) < 1e-6 ? true : `${lower} ${upper}`;
    },
  ],
  [
    'no tile reaches over the arrival of a change',
    () => {
      look({});
      const hosts = chart.bands.find((band) => band.id === 'hosts');
      const crosses = (tile) => hosts.arrivals[tile.row].some(({ at }) => tile.bin.start < at && at < tile.bin.end);
      return !hosts || hosts.marks.every((tile) => !crosses(tile));
    },
  ],
  ['the data block is read', () => ATTEMPTS.length === DATA.attempts.at.length],
  [
    'attempts stand by time within the window',
    () => ATTEMPTS.every((one, index) => index === 0 || ATTEMPTS[index - 1].at <= one.at),
  ],
  [
    'rows of the table are the failed attempts of the data',
    () => {
      look({});
      return allRows().length === ATTEMPTS.filter((one) => one.isFailure).length;
    },
  ],
  [
    'bars of the chart add up to all failures',
    () => {
      look({});
      return drawnFailures() === weighed(ATTEMPTS.filter((one) => one.isFailure && shows(chart.axis, one.at)));
    },
  ],
  [
    'bars are as high as what they count',
    () => {
      look({});
      for (const band of chart.bands.filter((one) => one.id.startsWith('failures/'))) {
        for (const mark of band.marks) {
          const height = Number(chart.nodes.get(mark.key).node.getAttribute('height'));
          const wanted = Math.max(
            ((weighed(mark.rows) * chart.axis.unit) / mark.bin.nominal / band.scale.max) * band.height,
            LEAST_BAR,
          );
          if (Math.abs(height - wanted) > 0.11) return `${mark.key} is ${height} high, not ${wanted}`;
        }
      }
      return true;
    },
  ],
  [
    'no bar begins before its bin or crosses an anchor',
    () => {
      look({});
      return chart.axis.bins.every((bin) => DATA.anchors.every((at) => !(bin.start < at && at < bin.end)));
    },
  ],
  [
    'the filter of failures keeps exactly its signature',
    () => {
      if (!DATA.signatures.length) return true;
      const index = commonest(ATTEMPTS.filter((one) => one.isFailure).map((one) => one.signature));
      return keepsExactly({ signature: DATA.signatures[index].id }, (one) => one.signature === index);
    },
  ],
  [
    'the filter of the incident keeps exactly its signatures',
    () => {
      if (!DATA.incidents.length) return true;
      return keepsExactly({ signature: 'incident' }, (one) => DATA.signatures[one.signature]?.of_incident === true);
    },
  ],
  [
    'the filter of hosts keeps exactly its host',
    () => {
      if (!hasAttempts()) return true;
      const index = commonest(ATTEMPTS.map((one) => one.host));
      return keepsExactly({ host: DATA.hosts[index] }, (one) => one.host === index);
    },
  ],
  [
    'the filter of users keeps exactly who holds the text',
    () => {
      if (!hasAttempts()) return true;
      const user = DATA.users[commonest(ATTEMPTS.map((one) => one.user))];
      return keepsExactly({ user }, (one) => DATA.users[one.user].toLowerCase().includes(user.toLowerCase()));
    },
  ],
  [
    'the filter of changes keeps exactly hosts that had it by then',
    () => {
      const change = DATA.changes[0];
      if (!change) return true;
      const had = (one) => change.hosts.some(([host, at]) => host === one.host && at <= one.at);
      return keepsExactly({ change: change.id }, had);
    },
  ],
  [
    'and its opposite exactly the others',
    () => {
      const change = DATA.changes[0];
      if (!change) return true;
      const had = (one) => change.hosts.some(([host, at]) => host === one.host && at <= one.at);
      return keepsExactly({ change: change.id, exposure: 'not' }, (one) => !had(one));
    },
  ],
  [
    'zoom keeps exactly the attempts of its span',
    () => {
      if (!DATA.window) return true;
      const [from, to] = middleSpan();
      return keepsExactly({ from, to }, (one) => from <= one.at && one.at < to);
    },
  ],
  [
    'zoom draws the chart anew, with finer bins from the data',
    () => {
      if (!DATA.window || WINDOW[1] - WINDOW[0] < 10 * HOUR) return true;
      look({});
      const coarse = Math.max(...chart.axis.parts.map((part) => part.bin));
      const widest = chart.axis.parts.find((part) => part.bin === coarse);
      const [from, to] = [widest.start, widest.start + (widest.end - widest.start) / 8].map(Math.round);
      look({ from, to });
      const failed = ATTEMPTS.filter((one) => one.isFailure && from <= one.at && one.at < to);
      if (chart.axis.unit >= coarse) return `bins of ${chart.axis.unit} ms`;
      if (chart.axis.bins[0].start !== from || chart.axis.bins.at(-1).end !== to) return 'bins do not fill the span';
      return drawnFailures() === weighed(failed) ? true : `${drawnFailures()} of ${weighed(failed)} drawn`;
    },
  ],
  [
    'zoom filters the table of changes',
    () => {
      if (!DATA.window || !byId('changes-table')) return true;
      const [from, to] = middleSpan();
      look({ from, to });
      const rows = [...byId('changes-table').tBodies[0].rows]
        .filter((row) => !row.hidden)
        .map((row) => row.dataset.change);
      const wanted = DATA.changes.filter((one) =>
        [one.at, ...one.hosts.map(([, at]) => at)].some((at) => from <= at && at < to),
      );
      return rows.length === wanted.length && wanted.every((one) => rows.includes(one.id));
    },
  ],
  [
    'every scale begins at zero and holds its highest bar',
    () => {
      look({});
      // A share of few attempts does not stretch its scale.
      for (const band of chart.bands.filter((one) => one.scale && one.id !== 'share')) {
        const higher = band.marks.find((mark) => !(mark.value <= band.scale.max * 1.0001));
        if (higher) return `${higher.key}: ${higher.value} on a scale to ${band.scale.max}`;
      }
      return true;
    },
  ],
  [
    'what no log covers is hatched in every band and every row',
    () => {
      look({});
      const hatched = (id) => chart.svg.querySelectorAll(`[data-missing="${id}"]`).length;
      const gaps = DATA.window ? missingOf(chart.axis, hostsInView()).length : 0;
      const rows = chart.bands.find((band) => band.id === 'hosts')?.rows ?? [];
      const own = rows.reduce((sum, row) => sum + missingOf(chart.axis, row.members).length, 0);
      return hatched('share') === gaps && hatched('hosts') === own
        ? true
        : `${hatched('share')} and ${hatched('hosts')}`;
    },
  ],
  [
    'tiles hold all attempts, each within its time',
    () => {
      look({});
      const tiles = chart.bands.find((band) => band.id === 'hosts')?.marks ?? [];
      const outside = tiles.find((tile) => tile.rows.some((one) => one.at < tile.bin.start || tile.bin.end <= one.at));
      if (outside) return outside.key;
      const shown = ATTEMPTS.filter((one) => shows(chart.axis, one.at));
      const n = tiles.reduce((sum, tile) => sum + tile.rows.length, 0);
      const failed = tiles.reduce((sum, tile) => sum + tile.failed, 0);
      const wanted = weighed(shown.filter((one) => one.isFailure && isSubject(one)));
      return n === shown.length && failed === wanted ? true : `${n} attempts, ${failed} failed`;
    },
  ],
  [
    'a pixel leads back to its instant, on both sides of a break',
    () => {
      look({});
      const middle = (bin) => (bin.start + bin.end) / 2;
      const odd = chart.axis.bins.find(
        (bin) => binAt(chart.axis, atPixel(chart.axis, xOf(chart.axis, middle(bin)))) < 0,
      );
      const drift = chart.axis.bins.map((bin) =>
        Math.abs(atPixel(chart.axis, xOf(chart.axis, middle(bin))) - middle(bin)),
      );
      return !odd && Math.max(0, ...drift) < 2;
    },
  ],
  [
    'the Tab key meets one mark of the chart',
    () => {
      look({});
      return chart.svg.querySelectorAll('[tabindex="0"]').length === (chart.marks.length ? 1 : 0);
    },
  ],
  [
    'a signature keeps its color when it is filtered',
    () => {
      look({});
      const colors = () => new Map(chart.bands.flatMap((band) => band.marks.map((mark) => [band.id, mark.ink])));
      const before = colors();
      const last = DATA.signatures.at(Math.min(DATA.signatures.length, OWN_LANES) - 1);
      if (!last) return true;
      look({ signature: last.id });
      const id = `failures/${last.id}`;
      const isGray = !before.has('failures/other') || before.get('failures/other') === 'other';
      return before.get(id) === colors().get(id) && isGray;
    },
  ],
  [
    'every mark has a name and leads to a row',
    () => {
      look({});
      const nameless = chart.marks.filter(
        (mark) => !chart.nodes.get(mark.key).node.getAttribute('aria-label') || !mark.rows.length,
      );
      return nameless.length === 0 ? true : nameless[0].key;
    },
  ],
  [
    'no two marks share a key',
    () => {
      look({});
      return chart.nodes.size === chart.marks.length ? true : `${chart.marks.length - chart.nodes.size} do`;
    },
  ],
  [
    'every failed attempt has a record with its file and number',
    () =>
      ATTEMPTS.filter((one) => one.isFailure).every(
        (one) => one.places.length >= 2 && keysOf(one.places).every((key) => placeOf(key)),
      ),
  ],
  [
    'a record that came along shows its event',
    () => {
      const key = [...EVENTS.keys()].find((one) => eventOf(one)[0][0] !== ORIGINAL);
      if (key === undefined) return true;
      look({ record: key });
      const rows = byId('record-table').querySelectorAll('tr').length;
      const isOpen = byId('record').open;
      byId('record').close();
      return isOpen && rows > 2 && byId('record-place').textContent === placeOf(key).path;
    },
  ],
  [
    'a record that evidence names is shown as it stands, and as text',
    () => {
      const key = [...EVENTS.keys()].find((one) => eventOf(one).some(([name]) => name === ORIGINAL));
      if (key === undefined) return true;
      look({ record: key });
      const [shown, said] = [byId('record-text'), eventOf(key).find(([name]) => name === ORIGINAL)[1]];
      const isWhole = !byId('record-original').hidden && shown.textContent === said && shown.children.length === 0;
      byId('record').close();
      return isWhole;
    },
  ],
  [
    'every link to a record names one',
    () =>
      [...document.querySelectorAll('a[href^="#record="]')].every((link) =>
        placeOf(decodeURIComponent(link.getAttribute('href').slice(8))),
      ),
  ],
  [
    'a link brings the same view again',
    () => {
      const [from, to] = middleSpan();
      const full = {
        ...DEFAULTS,
        from,
        to,
        user: 'a&b=c #%é',
        zone: 'Europe/Zurich',
        outcome: 'all',
        page: 2,
        mark: 'share@1',
      };
      if (DATA.hosts.length) full.host = DATA.hosts[0];
      if (DATA.changes.length) Object.assign(full, { change: DATA.changes[0].id, exposure: 'not' });
      if (!DATA.window) full.from = full.to = null;
      const again = fromFragment(`#${toFragment(full)}`);
      const odd = Object.keys(full).find((key) => full[key] !== again[key]);
      return odd === undefined ? true : `${odd}: ${again[odd]}`;
    },
  ],
  [
    'a spoiled link is no error',
    () => {
      for (const text of [
        '#from=x&to=y',
        '#host=%3Cb%3E',
        '#record=9999999:1',
        '#=&&&=',
        '#zone=Mars/Olympus',
        '#page=-1',
      ]) {
        if (toFragment(fromFragment(text)) !== '') return text;
      }
      return true;
    },
  ],
  [
    'times are in the chosen zone and every header says so',
    () => {
      if (!hasAttempts()) return true;
      const at = Date.UTC(2022, 7, 22, 22, 30);
      look({ zone: 'Europe/Zurich' });
      const heads = [
        byId('attempts-table').tHead.textContent,
        ...[...document.querySelectorAll('.zone')].map((one) => one.textContent),
      ];
      return (
        stamp(at) === '2022-08-23 00:30' &&
        fromLocal('2022-08-23 00:30') === at &&
        fromLocal('tomorrow') === null &&
        heads.every((text) => text.includes('Europe/Zurich'))
      );
    },
  ],
  [
    'arrow keys move the focus from mark to mark',
    () => {
      look({});
      const start = chart.marks.find((mark) => !mark.band.symbols && neighbor(mark, 'ArrowRight'));
      if (!start) return true;
      focusMark(start);
      const first = document.activeElement;
      first.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
      const second = document.activeElement;
      second.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));
      const isBack = document.activeElement === first;
      const stops = chart.svg.querySelectorAll('[tabindex="0"]').length;
      first.blur();
      return first !== second && second.classList.contains('mark') && isBack && stops === 1;
    },
  ],
  [
    'every mark can be reached by arrow keys',
    () => {
      look({});
      const reached = new Set(chart.marks.slice(0, 1));
      for (const mark of reached) {
        for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']) {
          const next = neighbor(mark, key);
          if (next) reached.add(next);
        }
        if (reached.size > 600) return true;
      }
      return reached.size === chart.marks.length ? true : `${reached.size} of ${chart.marks.length}`;
    },
  ],
  [
    'every control has a name',
    () => {
      const controls = [...document.querySelectorAll('button, select, input')];
      const nameless = controls.find(
        (one) => !(one.labels?.length || one.textContent.trim() || one.getAttribute('aria-label')),
      );
      return nameless ? nameless.id : true;
    },
  ],
  [
    'hostile text stays text',
    () => {
      const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
      const cell = element('td', {}, hostile);
      const mark = words(0, 0, hostile, {});
      return cell.children.length === 0 && mark.children.length === 0 && cell.textContent === hostile;
    },
  ],
  [
    'the page holds no element that a log could have made',
    () => {
      const odd = document.querySelector(
        'img, iframe, object, embed, link, audio, video, base, form[action], [onerror], [onload], [onclick], [style]',
      );
      const scripts = document.querySelectorAll('script').length;
      return odd ? odd.outerHTML.slice(0, 80) : scripts === 2;
    },
  ],
  [
    'nothing was loaded from anywhere',
    () => {
      const loaded = performance.getEntriesByType('resource').map((one) => one.name);
      return loaded.length === 0 ? true : loaded[0];
    },
  ],
];
