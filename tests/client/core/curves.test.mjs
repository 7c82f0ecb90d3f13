import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, platformCurves, WIDTH } from "../../../client/core/curves.js";

const points = (line) => line.slice(1).split("L").map((point) => point.split(",").map(Number));

test("a curve runs from edge to edge, the largest value highest, nought on the ground", () => {
  const found = points(platformCurves([0, 5, 10]).line);
  assert.deepEqual(found.map(([x]) => x), [0, WIDTH / 2, WIDTH]);
  assert.deepEqual(found.map(([, y]) => y), [HEIGHT - 2, HEIGHT / 2, 2]);
});

test("nothing, one value and only noughts are curves too", () => {
  assert.deepEqual([platformCurves([]).line, platformCurves([]).area], ["", ""]);
  assert.deepEqual(points(platformCurves([7]).line), [[0, 2], [WIDTH, 2]]);
  assert.deepEqual(points(platformCurves([0, 0]).line), [[0, HEIGHT - 2], [WIDTH, HEIGHT - 2]]);
  assert.doesNotMatch(platformCurves([0, 0, 3]).area, /NaN|Infinity/);
});
