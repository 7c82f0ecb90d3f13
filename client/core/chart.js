/** The geometry of small bar charts, as numbers for SVG. May import nothing. */

/** A round number at or above `most`, for the top of the axis: 1, 2, 5, 10, 20, 50 … */
export function topOf(most) {
  if (!(most > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 5, 10].find((one) => one * size >= most - 1e-9);
  return step * size;
}

/**
 * Standing bars, one for each value.
 * @param {number[]} values @param {{width: number, height: number, gap?: number}} box
 * @returns {{top: number, bars: {x: number, y: number, width: number, height: number}[]}}
 */
export function columns(values, { width, height, gap = 0.25 }) {
  const top = topOf(Math.max(0, ...values));
  const step = values.length ? width / values.length : width;
  const bars = values.map((value, n) => {
    const tall = (value / top) * height;
    return { x: round(n * step + (step * gap) / 2), y: round(height - tall), width: round(step * (1 - gap)), height: round(tall) };
  });
  return { top, bars };
}

/** Lying bars: the share of the largest, 0 to 1. */
export function shares(values) {
  const most = Math.max(0, ...values);
  return values.map((value) => (most ? value / most : 0));
}

/** Which labels under the bars have room: every one, or every second, third … */
export function labelled(count, room) {
  const every = Math.max(1, Math.ceil(count / room));
  return (n) => n % every === 0;
}

function round(number) {
  return Math.round(number * 100) / 100;
}
