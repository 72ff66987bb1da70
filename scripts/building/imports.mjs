// What ES modules import, for esm.py: reads {path: source} as JSON from standard input and answers
// {path: [[start, end, specifier], …]} with offsets in UTF-8 bytes. Imports whose specifier is
// computed have none and are left out. The lexer's address is the first argument.
import { text } from "node:stream/consumers";

const { init, parse } = await import(process.argv[2]);
await init;

/** @type {Record<string, string>} */
const modules = JSON.parse(await text(process.stdin));
const answer = Object.fromEntries(
  Object.entries(modules).map(([path, source]) => {
    const bytes = (/** @type {number} */ end) => Buffer.byteLength(source.slice(0, end));
    const [imports] = parse(source, path);
    const named = imports.filter(({ specifier, glob }) => typeof specifier === "string" && !glob);
    return [path, named.map((found) => [bytes(found.start), bytes(found.end), found.specifier])];
  }),
);
process.stdout.write(JSON.stringify(answer));
