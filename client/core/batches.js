/**
 * A CSV file cut into batches that keep its head, so that a long one is sent with progress and every wrong row is named
 * by its line in the whole file. May import nothing. Source: RFC 4180 (a quoted field may hold line breaks).
 */

/**
 * @param {string} text the file @param {number} most rows in a batch
 * @returns {{rows: number, batches: {csv: string, rows: number, lineOf: (line: number) => number}[]}}
 *   lineOf: a line of the batch as its line in the file
 */
export function cutFile(text, most = 200) {
  const records = recordsOf(text.replace(/^\uFEFF/, ""));
  const [head, ...rest] = records;
  if (!head || rest.length === 0) return { rows: 0, batches: [] };
  const batches = [];
  for (let at = 0; at < rest.length; at += most) {
    const part = rest.slice(at, at + most);
    const before = part[0].line - head.lines - 1;
    batches.push({
      csv: [head, ...part].map((record) => record.text).join("\n"),
      rows: part.length,
      lineOf: (line) => (line <= head.lines ? line : line + before),
    });
  }
  return { rows: rest.length, batches };
}

/** Records with the line on which each begins and how many lines it has. Empty lines between them stay with the one before. */
function recordsOf(text) {
  const records = [];
  let current = "";
  let quoted = false;
  let line = 1;
  let start = 1;
  for (const one of text.split(/\r\n|\n|\r/)) {
    current = quoted ? `${current}\n${one}` : one;
    quoted = (current.match(/"/g)?.length ?? 0) % 2 === 1;
    if (!quoted) {
      if (current.trim() !== "") records.push({ text: current, line: start, lines: line - start + 1 });
      else if (records.length) lengthen(records[records.length - 1]);
      start = line + 1;
    }
    line += 1;
  }
  if (quoted && current.trim() !== "") records.push({ text: current, line: start, lines: line - start });
  return records;
}

function lengthen(record) {
  record.text += "\n";
  record.lines += 1;
}
