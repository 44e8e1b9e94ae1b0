// The words of the chart: titles, legends, names of rows, ends of scales, labels of changes.

// Title, legend, names of rows, ends of the scale, labels of changes.
function bandWords(band) {
  const { axis, isWide } = chart;
  const parts = [];
  if (isWide) {
    // Names of rows stand at the right of the same column.
    const widest = Math.max(0, ...(band.rows ?? []).map((row) => textWidth(row.name, 11, false)));
    const room = widest > 0 ? axis.left - 22 - widest : 190;
    let y = band.top + 7;
    for (const text of twoLines(band.title, room, 12.5, true)) {
      parts.push(words(0, y, text, { class: 'title' }));
      y += 16;
    }
    for (const note of band.notes) {
      const lines = twoLines(note.text, room - (note.sign ? 15 : 0), 11, false);
      if (y + 15 * (lines.length - 1) > roomBelow(band)) break;
      if (note.sign) parts.push(noteSign(note, y));
      for (const text of lines) {
        parts.push(words(note.sign ? 15 : 0, y, text, { class: 'quiet small' }));
        y += 15;
      }
    }
  } else {
    const title = fitted(band.title, axis.right, 12.5, true);
    const from = textWidth(title, 12.5, true) + 10;
    const note = fitted(band.notes.map((one) => one.text).join(' · '), axis.right - from, 11, false);
    parts.push(
      words(0, band.top - 13, title, { class: 'title' }),
      words(from, band.top - 13, note, { class: 'quiet small' }),
    );
  }
  for (const row of band.rows ?? []) {
    const y = row.top + (row.height < 11 ? row.height : row.height / 2);
    parts.push(
      words(axis.left - 10, y, fitted(row.name, isWide ? 148 : 66, 11, false), {
        class: 'small',
        'text-anchor': 'end',
      }),
    );
  }
  if (band.scale) {
    parts.push(words(axis.left - 10, band.top + 4, band.scale.label, { class: 'quiet small', 'text-anchor': 'end' }));
    parts.push(words(axis.left - 10, band.bottom - 4, '0', { class: 'quiet small', 'text-anchor': 'end' }));
  }
  for (const mark of band.marks) {
    if (mark.label) {
      const classes = `${mark.label.isBold ? 'strong' : ''} ${mark.label.isQuiet ? 'quiet' : ''}`;
      parts.push(
        words(mark.label.x, mark.y + (mark.label.isBelow ? 19 : 0), mark.label.text, {
          class: classes,
          'font-size': 12.5,
          'text-anchor': mark.label.anchor,
          'pointer-events': 'none',
        }),
      );
    }
    if (mark.number)
      parts.push(words(mark.x, mark.y + 15, String(mark.number), { class: 'quiet small', 'text-anchor': 'middle' }));
  }
  return parts;
}

// The lowest line of text that ends above the next band.
function roomBelow(band) {
  const next = chart.bands[chart.bands.indexOf(band) + 1];
  return (next ? next.top : chart.bottom) - 8;
}

function noteSign(note, y) {
  if (['triangle', 'plus', 'peak'].includes(note.sign))
    return symbol(5, y, note.sign, note.ink, note.sign === 'peak' ? 4 : 5);
  if (note.sign === 'between')
    return shape('path', { d: `M0.5 ${y - 4}v8M0 ${y}h10M9.5 ${y - 4}v8`, stroke: ink(note.ink), fill: 'none' });
  if (note.sign === 'upright') return line(5, y - 5, 5, y + 5, { stroke: ink(note.ink) });
  if (note.sign === 'line') return line(0, y, 10, y, { stroke: ink(note.ink), 'stroke-width': 2 });
  return note.sign === 'bar'
    ? rect(0, y, 10, 4, { fill: ink(note.ink) })
    : rect(0, y - 4, 10, 9, { fill: ink(note.ink) });
}

// Breaks a text into at most two lines.
function twoLines(text, pixels, size, isBold) {
  if (textWidth(text, size, isBold) <= pixels) return [text];
  const parts = text.split(' ');
  let first = 1;
  while (first < parts.length && textWidth(parts.slice(0, first + 1).join(' '), size, isBold) <= pixels) first += 1;
  const lines = [parts.slice(0, first).join(' '), parts.slice(first).join(' ')];
  return lines.filter((one) => one !== '').map((one) => fitted(one, pixels, size, isBold));
}

// Shapes and tiles in words.
function fillLegend() {
  const shapes = Object.entries(LOOKS).filter(([verdict]) => DATA.changes.some((change) => change.verdict === verdict));
  const tiles = [
    ['shade', 'incident'],
    ['url(#hatch)', 'no log'],
    ['calm', 'none failed'],
    ...HEAT_WORDS.map((text, step) => [`heat-${step}`, text]),
  ];
  const sign = (node, text) =>
    element('li', {}, shape('svg', { width: 14, height: 14, viewBox: '0 0 14 14', 'aria-hidden': true }, node), text);
  byId('legend').replaceChildren(
    ...shapes.map(([verdict, kind]) => sign(symbol(7, 7, kind.shape, kind.ink, 6), verdict)),
    ...tiles
      .filter(([name]) => name !== 'shade' || DATA.incidents.length)
      .map(([name, text]) =>
        sign(
          rect(0.5, 1.5, 13, 11, {
            fill: name.startsWith('url') ? name : ink(name),
            stroke: ink('missing'),
            'stroke-width': name.startsWith('url') ? 1 : 0,
          }),
          text,
        ),
      ),
  );
}
