// Prints what the browser reads in a packed map, and which points are members, as JSON:
// node decoded.js FILE [MEMBERS]

import { readFileSync } from "node:fs";
import { decode, decodeMembers } from "../../../../dashboard/components/map/decode.js";

const [file, members] = process.argv.slice(2);
const { header, points, colours } = decode(new Uint8Array(readFileSync(file)));
const panes = points.map(({ x, y }) => [[...x], [...y]]);
const bits = members === undefined ? null : [...decodeMembers(members, header.count)];
console.log(JSON.stringify({ header, panes, colours: [...colours], members: bits }));
