/**
 * What a chosen file says, whichever of the two encodings that spreadsheets write it is in. May import nothing.
 * Source: WHATWG Encoding (a decoder that is fatal refuses what is no UTF-8; in windows-1252 every byte is a letter).
 */

/** @param {ArrayBuffer|Uint8Array} bytes @returns {{text: string, older: boolean}} `older`: it was no UTF-8 */
export function readFile(bytes) {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), older: false };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), older: true };
  }
}

/** The cells of a line that is not the head's: for a look at it, so quotes are only taken off. @param {string} line */
export function cellsOf(line) {
  const mark = line.split(";").length > line.split(",").length ? ";" : ",";
  return (line.match(mark === ";" ? /("([^"]|"")*"|[^;])+|(?<=;|^)(?=;|$)/g : /("([^"]|"")*"|[^,])+|(?<=,|^)(?=,|$)/g) ?? [])
    .map((cell) => cell.trim().replace(/^"(.*)"$/s, "$1").replaceAll('""', '"'));
}

/** The first two lines, the head and the first patient, as cells. @param {string} text */
export function beginningOf(text) {
  return text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).slice(0, 2).map(cellsOf);
}
