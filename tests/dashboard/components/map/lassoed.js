// Prints the outline that the browser sends for a lasso, as JSON. The map's square is 1000 pixels
// wide, with its origin in the lower left corner: node lassoed.js '[[x, y], ...]'

import { Gesture } from "../../../../dashboard/components/map/select.js";
import { Viewport } from "../../../../dashboard/components/map/viewport.js";

const viewport = Object.assign(new Viewport(), { scale: 1000, fitted: 1000, left: 0, top: 1000 });
const gesture = new Gesture(viewport);
const [first, ...others] = JSON.parse(process.argv[2]);
gesture.down(1, first, "lasso");
for (const pixel of others) gesture.move(1, pixel);
console.log(JSON.stringify(gesture.up(1)));
