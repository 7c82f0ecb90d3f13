/** The shape of a small curve: values in, paths of an SVG out. May import nothing. */

export const WIDTH = 120;
export const HEIGHT = 32;
const EDGE = 2;

/**
 * A curve from the oldest to the newest value, over its own range down to nought; a line along the bottom for noughts.
 * @param {number[]} values oldest first @returns {{line: string, area: string, width: number, height: number}}
 */
export function platformCurves(values) {
  const shown = values.length === 1 ? [values[0], values[0]] : values;
  const most = Math.max(...shown, 0) || 1;
  const step = shown.length > 1 ? WIDTH / (shown.length - 1) : WIDTH;
  const points = shown.map((value, n) => `${round(n * step)},${round(HEIGHT - EDGE - (Math.max(0, value) / most) * (HEIGHT - 2 * EDGE))}`);
  const line = points.length ? `M${points.join("L")}` : "";
  return { line, area: line && `${line}L${WIDTH},${HEIGHT}L0,${HEIGHT}Z`, width: WIDTH, height: HEIGHT };
}

function round(value) {
  return Math.round(value * 10) / 10;
}
