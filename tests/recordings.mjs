// Compares two recordings of the tests (tests/it/support/recording.rs), what is random masked:
//
//     node tests/recordings.mjs BEFORE AFTER [--renamed FILE] [--without FILE] [--masked FOLDER]
//
// Prints what differs, test by test, and ends with 1 if anything does. `--renamed` has a line
// `old.name new.name` for each test or module that got another name, `--without` a test a line that
// is left out, and `--masked` keeps the masked texts of both for a diff of one's own.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [before, after, ...rest] = process.argv.slice(2);
const options = {};
while (rest.length) options[rest.shift()] = rest.shift();
const lines = (file) => (file ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
const renamed = lines(options['--renamed']).map((line) => line.split(/\s+/));
const without = new Set(lines(options['--without']));
const kept = options['--masked'];

/** Keys, digests and sealed texts: long, of both cases, and no words. */
function random(run) {
  const words = /^[A-Z]?[a-z]+([-_]?[A-Z]?[a-z]+)*$/.test(run) && !/[A-Z]{2}/.test(run);
  const looks = /[a-z]/.test(run) && /[A-Z]/.test(run) && (/\d/.test(run) || /[A-Z].*[A-Z].*[A-Z]/.test(run));
  return looks && !(words && run.match(/[A-Z]/g).length < 4) ? `<${run.length} characters>` : run;
}

const parsed = (part) => {
  try {
    return JSON.stringify(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
};

/** A signed token by what it says; its signature is random. */
function opened(token, head, claims) {
  const [header, payload] = [parsed(head), parsed(claims)];
  return header && payload ? `<token ${header} ${payload}>` : token;
}

// What differs from run to run, and what stands in its place. Order matters.
const MASKS = [
  [/\b(eyJ[\w-]+)\.(eyJ[\w-]+)\.[\w-]+/g, opened],
  [/^date: .*$/gm, 'date: <now>'],
  // Servers of a test listen on any free port.
  [/(localhost|127\.0\.0\.1)(:|%3A|%253A)\d{4,5}\b/gi, '$1$2<port>'],
  [/^(x-forwarded-port): \d{4,5}$/gim, '$1: <port>'],
  // Ids of users, requests and sessions.
  [/\bsms(\||%7C)[0-9a-f]{24}\b/g, 'sms$1<id>'],
  [/\b[0-9a-f]{32}\b/g, '<id>'],
  // The clock of the machine: a test's own stands in 2026's first days.
  [/\b17[789]\d{7}\b|\b1[89]\d{8}\b/g, '<now>'],
  [/[\w-]{20,}/g, random],
];
const masked = (text) => MASKS.reduce((text, [from, to]) => text.replace(from, to), text);

/** One record as lines to compare. */
function shown({ by, asked, status, headers = [], body, length, ...more }) {
  const head = [`[${by}] ${asked ?? ''}`, ...(status === undefined ? [] : [`HTTP ${status}`])];
  for (const [name, value] of headers) head.push(`${name}: ${value}`);
  for (const [name, value] of Object.entries(more)) head.push(`${name} = ${JSON.stringify(value)}`);
  if (length > 65536) head.push(`(${length} bytes)`);
  const text = by === 'twilio' ? body.replace(/\b\d{4,10}\b/g, '<code>') : body;
  return masked([...head, '', text, ''].join('\n'));
}

/** A test's records: those of its own thread in their order, the others sorted. */
function records(file) {
  const all = lines(file).map((line) => JSON.parse(line));
  const is = (own) => (record) => (record.by === 'test') === own;
  // Who waits for a state asks again and again; how often is chance.
  const own = all.filter(is(true)).map(shown).filter((text, n, of) => text !== of[n + 1]);
  return [...own, ...all.filter(is(false)).map(shown).sort()];
}

function recording(folder, names) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
  const named = (file) => {
    const name = file.replace(/\.jsonl$/, '');
    const change = names.find(([old]) => name === old || name.startsWith(`${old}.`));
    return change ? change[1] + name.slice(change[0].length) : name;
  };
  return new Map(files.map((file) => [named(file), () => records(join(folder, file))]));
}

/** The first lines in which two records differ. */
function difference(one, other) {
  const [a, b] = [one ?? '(nothing)', other ?? '(nothing)'].map((text) => text.split('\n'));
  let at = 0;
  while (a[at] === b[at]) at += 1;
  const cut = (line) => (line === undefined ? '(end)' : line.slice(0, 600));
  return `  ${a[0]}\n  - ${cut(a[at])}\n  + ${cut(b[at])}`;
}

const [old, now] = [recording(before, renamed), recording(after, [])];
const names = [...new Set([...old.keys(), ...now.keys()])].filter((name) => !without.has(name)).sort();
let [same, answers, different] = [0, 0, 0];
for (const name of names) {
  const [a, b] = [old.get(name)?.(), now.get(name)?.()];
  if (kept) {
    for (const [side, texts] of [['before', a], ['after', b]]) {
      mkdirSync(join(kept, side), { recursive: true });
      if (texts) writeFileSync(join(kept, side, `${name}.txt`), texts.join('\n---\n'));
    }
  }
  const wrong = [];
  if (!a || !b) wrong.push(`  only in ${a ? before : after}`);
  for (let n = 0; a && b && n < Math.max(a.length, b.length); n += 1) {
    if (a[n] !== b[n]) wrong.push(difference(a[n], b[n]));
  }
  if (a?.length !== b?.length && a && b) wrong.unshift(`  ${a.length} records, then ${b.length}`);
  if (wrong.length) console.log(`${name}\n${wrong.slice(0, 4).join('\n')}\n`);
  if (wrong.length) different += 1;
  else [same, answers] = [same + 1, answers + a.length];
}
console.log(`${same} tests with ${answers} records are the same, ${different} are not`);
process.exit(different ? 1 : 0);
