// Makes node_modules/asn.mmdb of the CSV files of @ip-location-db/asn: networks to the number and name of who runs them.
//
// npm runs this after the packages are there. The format is that of every MMDB reader (https://maxmind.github.io/MaxMind-DB/):
// a binary tree over the bits of the address, then the data its leaves point to, then a description of both.
import { createReadStream, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const SOURCE = new URL('./node_modules/@ip-location-db/asn/', import.meta.url);
const TARGET = new URL('./node_modules/asn.mmdb', import.meta.url);

/** The tree: two children per node. 0 is nothing, a positive number a node, a negative one a leaf. */
class Tree {
  #children = new Int32Array(1 << 20);
  nodes = 1;

  /** Makes a leaf of the network of `length` bits that begins at `address`, a BigInt of 128 bits. */
  insert(address, length, leaf) {
    let node = 0;
    for (let depth = 0; ; depth += 1) {
      const side = node * 2 + Number((address >> BigInt(127 - depth)) & 1n);
      if (depth === length - 1) {
        this.#children[side] = -leaf;
        return;
      }
      node = this.#children[side] || this.#grow(side);
    }
  }

  #grow(side) {
    if ((this.nodes + 1) * 2 > this.#children.length) {
      const larger = new Int32Array(this.#children.length * 2);
      larger.set(this.#children);
      this.#children = larger;
    }
    this.#children[side] = this.nodes;
    return this.nodes++;
  }

  /** Records of 32 bits; a leaf is where its data begins, beyond the nodes and the 16 bytes between. */
  bytes(begins) {
    const bytes = Buffer.alloc(this.nodes * 8);
    for (let side = 0; side < this.nodes * 2; side += 1) {
      const child = this.#children[side];
      const record = child > 0 ? child : child === 0 ? this.nodes : this.nodes + 16 + begins[-child];
      bytes.writeUInt32BE(record, side * 4);
    }
    return bytes;
  }
}

/** A control byte and what belongs to it; types above 7 are written in a byte of their own. */
function control(type, size) {
  const long = size < 29 ? [] : size < 285 ? [size - 29] : [(size - 285) >> 8, (size - 285) & 255];
  const short = size < 29 ? size : size < 285 ? 29 : 30;
  return Buffer.from(type > 7 ? [short, type - 7, ...long] : [(type << 5) | short, ...long]);
}

function number(type, value) {
  const bytes = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.concat([control(type, bytes.length), Buffer.from(bytes)]);
}

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([control(2, bytes.length), bytes]);
};
const uint16 = (value) => number(5, value);
const uint32 = (value) => number(6, value);
const uint64 = (value) => number(9, value);
const map = (pairs) => Buffer.concat([control(7, pairs.length), ...pairs.flat()]);
const list = (items) => Buffer.concat([control(11, items.length), ...items]);
/** To a place in the first 2 KiB of the data: the names of members are there once. */
const pointer = (at) => Buffer.from([(1 << 5) | (at >> 8), at & 255]);

/** `1.0.0.0` or `2001:db8::` as 128 bits. */
function address(written) {
  if (written.includes('.')) {
    return written.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  }
  const [head, tail] = written.split('::').map((half) => (half ? half.split(':') : []));
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  const words = [...head, ...Array(zeros).fill('0'), ...(tail ?? [])];
  return words.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
}

/** The networks that together are the range, as [first address, bits of host]. */
function* networks(first, last) {
  while (first <= last) {
    let host = 0;
    while (host < 128 && (first >> BigInt(host) & 1n) === 0n && first + (1n << BigInt(host + 1)) - 1n <= last) host += 1;
    yield [first, host];
    first += 1n << BigInt(host);
  }
}

const tree = new Tree();
const members = ['autonomous_system_number', 'autonomous_system_organization'].map(text);
const data = [...members];
let size = members[0].length + members[1].length;
const begins = [0];
const leaves = new Map();

function leafOf(number, organisation) {
  const key = `${number} ${organisation}`;
  if (!leaves.has(key)) {
    const entry = map([[pointer(0), uint32(Number(number))], [pointer(members[0].length), text(organisation)]]);
    leaves.set(key, begins.push(size) - 1);
    data.push(entry);
    size += entry.length;
  }
  return leaves.get(key);
}

let ranges = 0;
// IPv4 addresses live below ::/96, where their bits are the last 32 of 128.
for (const file of ['asn-ipv4.csv', 'asn-ipv6.csv']) {
  for await (const line of createInterface({ input: createReadStream(new URL(file, SOURCE)) })) {
    const row = /^([^,]+),([^,]+),(\d+),(?:"((?:[^"]|"")*)"|(.*))$/.exec(line);
    if (!row) continue;
    const leaf = leafOf(row[3], (row[4] ?? row[5]).replaceAll('""', '"'));
    for (const [first, host] of networks(address(row[1]), address(row[2]))) {
      tree.insert(first, 128 - host, leaf);
    }
    ranges += 1;
  }
}
if (ranges < 100_000) throw new Error(`only ${ranges} ranges in ${SOURCE.pathname}: the package has another form now`);

const metadata = map([
  [text('node_count'), uint32(tree.nodes)],
  [text('record_size'), uint16(32)],
  [text('ip_version'), uint16(6)],
  [text('database_type'), text('playhead-ASN')],
  [text('languages'), list([])],
  [text('binary_format_major_version'), uint16(2)],
  [text('binary_format_minor_version'), uint16(0)],
  [text('build_epoch'), uint64(Math.floor(Date.now() / 1000))],
  [text('description'), map([[text('en'), text('@ip-location-db/asn as MMDB')]])],
]);
const mark = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);
const partial = new URL(`${TARGET}.part`);
writeFileSync(partial, Buffer.concat([tree.bytes(begins), Buffer.alloc(16), ...data, mark, metadata]));
renameSync(partial, TARGET);
console.log(`asn.mmdb: ${ranges} ranges, ${leaves.size} networks, ${tree.nodes} nodes`);
