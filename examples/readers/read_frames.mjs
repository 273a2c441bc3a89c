// Read an hq-frames stream in Node:  npm install && hq-gen bars --rows 5 | node read_frames.mjs
//
// As a module: for await (const { schema, columns } of batches(process.stdin)) columns.close is a Float64Array.
// i8 columns are BigInt64Array, f4xN vectors one flat Float32Array with N values a row, text columns arrays of strings.
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decodeMultiStream } from "@msgpack/msgpack";

const ARRAYS = {
  i8: BigInt64Array, f8: Float64Array, f4: Float32Array, i4: Int32Array, s4: Int32Array, i1: Int8Array, b1: Int8Array,
};
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LIMITS = {
  useBigInt64: true, maxExtLength: 16 << 20, maxArrayLength: 4096, maxMapLength: 65536, maxStrLength: 65536,
};

// Batches of rows from a stream of bytes. Throws if a section does not end with what it counted.
export async function* batches(stream) {
  let schemas = new Map(), counts = new Map(), open = false;
  for await (const said of decodeMultiStream(stream, LIMITS)) {
    if (Array.isArray(said)) { // [bytes that follow, schema id, rows, columns]
      const [, id, rows, { data }] = said;
      const schema = schemas.get(id);
      if (!schema) throw new Error(`rows of schema ${id}, which was not announced`);
      counts.set(schema.key, (counts.get(schema.key) ?? 0) + rows);
      yield { schema, rows, columns: split(schema.cols, rows, data) };
    } else if (said.kind === "head") {
      if (said.hq !== 1 || (open && !said.resumed)) {
        throw new Error("not version 1, or the section before has no end: its writer died");
      }
      schemas = new Map();
      counts = new Map();
      open = true;
    } else if (said.kind === "schema") {
      schemas.set(said.id, { ...said, key: `${said.of}/${said.symbol ?? ""}/${said.period ?? ""}`, strings: {} });
    } else if (said.kind === "section") {
      for (const schema of schemas.values()) schema.strings = {};
    } else if (said.kind === "strings") { // texts behind the codes of an s4 column
      for (const schema of schemas.values()) {
        if (schema.key === said.of) (schema.strings[said.col] ??= []).push(...said.values);
      }
    } else if (said.kind === "end") {
      for (const key of new Set([...counts.keys(), ...Object.keys(said.rows)])) {
        const came = counts.get(key) ?? 0;
        if (Number(said.rows[key] ?? 0) !== came) throw new Error(`the writer counted other rows of ${key} than ${came}`);
      }
      open = false;
    }
  }
  if (open) throw new Error("the stream stops before its end: its writer died, or it was cut");
}

// The columns of a frame, each of which begins at a multiple of 8 bytes.
function split(cols, rows, data) {
  // a copy, as an array of numbers must begin at a multiple of its width; a Buffer's slice() would be none
  const { buffer } = new Uint8Array(data);
  const columns = {};
  let at = 0;
  for (const [name, kind] of cols) {
    if (kind === "text") { // n lengths, then the bytes of all texts
      const lengths = new Uint32Array(buffer, at, rows);
      at += Math.ceil(rows / 2) * 8;
      columns[name] = Array.from(lengths, (length) => TEXT.decode(new Uint8Array(buffer, (at += length) - length, length)));
      at = Math.ceil(at / 8) * 8;
      continue;
    }
    const [item, length] = kind.split("x");
    columns[name] = new ARRAYS[item](buffer, at, rows * Number(length ?? 1));
    at += Math.ceil(columns[name].byteLength / 8) * 8;
  }
  if (at !== data.length) throw new Error(`${data.length} bytes of columns where ${rows} rows need ${at}`);
  return columns;
}

// Each series' rows and columns, with the SHA-256 of each column's bytes.
export async function summary(stream) {
  const series = new Map();
  for await (const { schema, rows, columns } of batches(stream)) {
    if (!series.has(schema.key)) series.set(schema.key, new Map());
    const known = series.get(schema.key);
    for (const [name, column] of Object.entries(columns)) {
      if (!known.has(name)) known.set(name, { rows: 0, hash: createHash("sha256") });
      const total = known.get(name);
      total.rows += rows;
      const { buffer, byteOffset, byteLength } = column;
      total.hash.update(Array.isArray(column) ? column.join("") : new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  const told = (columns) =>
    Object.fromEntries([...columns].map(([name, { rows, hash }]) => [name, { rows, sha256: hash.digest("hex") }]));
  return Object.fromEntries([...series].map(([key, columns]) => [key, told(columns)]));
}

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) {
  console.log(JSON.stringify(await summary(process.stdin)));
}
