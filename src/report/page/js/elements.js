// Makes elements. Whatever a log says reaches the page as text through these functions: no markup is ever parsed.

const SVG = 'http://www.w3.org/2000/svg';

function byId(id) {
  return document.getElementById(id);
}

// Sets attributes; those that are null or false are left out.
function withAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  return node;
}

// An element of the page; children are elements or texts.
function element(name, attributes, ...children) {
  const node = withAttributes(document.createElement(name), attributes);
  node.append(...children.filter((child) => child !== null));
  return node;
}

// An element of the chart.
function shape(name, attributes, ...children) {
  const node = withAttributes(document.createElementNS(SVG, name), attributes);
  node.append(...children);
  return node;
}

function option(value, text) {
  return element('option', { value }, text);
}

const PENCIL = document.createElement('canvas').getContext('2d');
const FONT = getComputedStyle(document.documentElement).fontFamily;

// The width of a text in the font of the page.
function textWidth(text, size, isBold) {
  PENCIL.font = `${isBold ? 600 : 400} ${size}px ${FONT}`;
  return PENCIL.measureText(text).width;
}

// Cuts a text that is wider than so many pixels.
function fitted(text, pixels, size, isBold) {
  if (textWidth(text, size, isBold) <= pixels) return text;
  const letters = Array.from(text);
  let [fits, tooLong] = [0, letters.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    const width = textWidth(letters.slice(0, middle).join('') + '…', size, isBold);
    if (width <= pixels) fits = middle;
    else tooLong = middle;
  }
  return fits === 0 ? '' : letters.slice(0, fits).join('').trimEnd() + '…';
}

function grouped(number) {
  return Math.round(number)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

function counted(number, noun) {
  return `${grouped(number)} ${noun}${Math.round(number) === 1 ? '' : 's'}`;
}

// A share as the report writes it: never 0% for something nor 100% for not quite all.
function percent(share) {
  if (share <= 0) return '0%';
  if (share < 0.001) return 'under 0.1%';
  if (share < 0.0995) return `${(share * 100).toFixed(1)}%`;
  if (share >= 1) return '100%';
  return share > 0.995 ? 'over 99%' : `${Math.round(share * 100)}%`;
}
