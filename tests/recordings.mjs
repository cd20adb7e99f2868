// Compares two recordings of the tests (tests/it/support/recording.rs), what is random masked:
//
//     node tests/recordings.mjs BEFORE AFTER [OPTION VALUE]…
//
//     --renamed FILE    a line `old.name new.name` for each test or module with another name
//     --without FILE    a test a line that is left out
//     --ignoring REGEX  lines that are left out of every record, such as '^# HELP '
//     --masked FOLDER   keeps the masked texts of both there, for a diff of one's own
//
// Prints what differs, test by test, and ends with 1 if anything does.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [before, after, ...rest] = process.argv.slice(2);
const options = {};
while (rest.length) options[rest.shift()] = rest.shift();
const lines = (file) => (file ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
const renamed = lines(options['--renamed']).map((line) => line.split(/\s+/));
const without = new Set(lines(options['--without']));
const kept = options['--masked'];
const ignored = options['--ignoring'] && new RegExp(options['--ignoring']);

/** Keys, digests and sealed texts are long, of both cases, and no words. */
function random(run) {
  const words = /^_*([A-Z]?[a-z]{2,}[-_]*)+$/.test(run);
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && !words ? `<${run.length} characters>` : run;
}

const parsed = (part) => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
};

/** A signed token by what it says, its times from when it was made; its signature is random. */
function opened(token, head, claims) {
  const [header, payload] = [parsed(head), parsed(claims)];
  if (!header || !payload) return token;
  const made = payload.iat;
  for (const time of ['iat', 'exp', 'nbf', 'auth_time']) {
    const since = payload[time] - made;
    // What is asked of a whole program takes a second or a few.
    if (!Number.isNaN(since)) payload[time] = since <= 0 && since > -60 ? 'iat' : `iat + ${since}`;
  }
  return `<token ${JSON.stringify(header)} ${JSON.stringify(payload)}>`;
}

/** A sealed text in a query, or in one that is in another. */
function sealed(_, name, value) {
  return `${name}<${decodeURIComponent(value).length} characters>`;
}

/** The wait for another text, which is shorter or longer by up to a tenth by chance. */
function about(text, before, seconds, after) {
  const usual = [30, 60, 120, 240, 480, 900].find((wait) => Math.abs(seconds / wait - 1) < 0.17);
  return usual ? `${before}<about ${usual}>${after}` : text;
}

// What differs from run to run, and what stands in its place. Order matters.
const MASKS = [
  [/\b(eyJ[\w-]+)\.(eyJ[\w-]+)\.[\w-]+/g, opened],
  [/^date: .*$/gm, 'date: <now>'],
  // Servers of a test listen on any free port.
  [/(localhost|127\.0\.0\.1)(:|%3A|%253A)\d{4,5}\b/gi, '$1$2<port>'],
  [/(x-forwarded-port(?:: |<td>))\d{4,5}\b/gi, '$1<port>'],
  // Ids of users, requests and sessions.
  [/\bsms(\||%7C)[0-9a-f]{24}\b/g, 'sms$1<id>'],
  [/\b([0-9a-f]{32}|[0-9a-f]{24})\b/g, '<id>'],
  // Of a page's one script, which holds what was asked.
  [/sha256-[\w+/]{43}=/g, '<digest>'],
  [/(data-after=\\?"|"resend_after":|\bin )(\d+)(\\?"|,| seconds)/g, about],
  // Times, and counts that another thread makes soon after an answer; the tests wait for them.
  [/^(doorcode_\w+(?:\{.*\})?) [\d.e+-]+$/gm, '$1 <n>'],
  // The clock of the machine: a test's own stands in 2026's first days.
  [/\b17[789]\d{7}\b|\b1[89]\d{8}\b/g, '<now>'],
  [/\b20\d\d-(?!01-)\d\d-\d\dT[\d:.]+Z/g, '<now>'],
  [/(doorcode-state-)[\w-]{8}(?![\w-])/g, '$1<name>'],
  [/((?:code|flow|ticket)(?:=|%3D))((?:[\w-]|%2D|%5F){20,})/g, sealed],
  [/[\w-]{20,}/g, random],
  // In the order of their ids, which are random.
  [/^\{"keys":\[(.*)\]\}$/gm, (_, keys) => `{"keys":[${keys.split(/(?<=\}),/).sort()}]}`],
];

function masked(text) {
  const left = ignored ? text.split('\n').filter((line) => !ignored.test(line)).join('\n') : text;
  return MASKS.reduce((text, [from, to]) => text.replace(from, to), left);
}

/** A text: of many that are asked for at once, which one is sent is chance. */
function sent({ to, sender, body, validity }) {
  const seconds = Math.ceil(validity / 10) * 10;
  const text = body.replace(/\b\d{4,10}\b/g, '<code>');
  return `[twilio] ${sender} ${to.slice(0, 5)}… ${seconds}\n${text}`;
}

/** One record as lines to compare. */
function shown(record) {
  if (record.by === 'twilio') return masked(sent(record));
  const { by, asked, status, headers = [], body, length, ...more } = record;
  const head = [`[${by}] ${asked ?? ''}`, ...(status === undefined ? [] : [`HTTP ${status}`])];
  for (const [name, value] of headers) head.push(`${name}: ${value}`);
  for (const [name, value] of Object.entries(more)) head.push(`${name} = ${JSON.stringify(value)}`);
  if (length > 65536) head.push(`(${length} bytes)`);
  const text = masked([...head, '', body, ''].join('\n'));
  const unsized = text.replace(/^content-length: .*/m, 'content-length: <n>');
  // Numbers take more or fewer digits; and a port or a date a byte more when it is packed.
  if (/^\[\w+\] GET \/metrics /.test(text)) return unsized;
  return /^content-encoding: /m.test(text) ? unsized.replace(/\n\n[^]*/, '') : text;
}

/** A test's records: those of its own thread in their order, the others sorted. */
function records(file) {
  const all = lines(file).map((line) => JSON.parse(line));
  const own = all.filter(({ by }) => by === 'test').map(shown);
  const others = all.filter(({ by }) => by !== 'test').map(shown).sort();
  // Who waits for a state asks again and again; how often is chance.
  return [...own, ...others].filter((text, n, of) => text !== of[n + 1]);
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

/** Where two records that begin alike part. */
function difference(one, other) {
  const [a, b] = [one, other].map((text) => text.split('\n'));
  const at = a.findIndex((line, n) => line !== b[n]);
  const [left, right] = at < 0 ? ['(end)', b[a.length]] : [a[at], b[at] ?? '(end)'];
  let from = 0;
  while (from < left.length && left[from] === right[from]) from += 1;
  const cut = (line) => line.slice(Math.max(0, from - 120), from + 200);
  return `  ${a[0].slice(0, 200)}\n  - ${cut(left)}\n  + ${cut(right)}`;
}

/** Records that only one of two has, each beside one of the other's for the same request. */
function differences(one, other) {
  const a = one.filter((text) => !other.includes(text));
  const b = other.filter((text) => !one.includes(text));
  const title = (text) => text.split('\n')[0];
  const like = (text, others) => others.find((candidate) => title(candidate) === title(text));
  const said = a.map((text) => {
    const pair = like(text, b);
    if (pair) b.splice(b.indexOf(pair), 1);
    const beside = pair ?? like(text, other);
    return beside ? difference(text, beside) : `  gone: ${title(text)}`;
  });
  const left = b.map((text) => [like(text, one), text]);
  return [...said, ...left.map(([was, is]) => (was ? difference(was, is) : `  new: ${title(is)}`))];
}

const [old, now] = [recording(before, renamed), recording(after, [])];
const all = [...new Set([...old.keys(), ...now.keys()])].sort();
const names = all.filter((name) => !without.has(name));
let [same, answers, different] = [0, 0, 0];
const otherwise = [];
for (const name of names) {
  let [a, b] = [old.get(name)?.(), now.get(name)?.()];
  if (kept) {
    for (const [side, texts] of [['before', a], ['after', b]]) {
      mkdirSync(join(kept, side), { recursive: true });
      if (texts) writeFileSync(join(kept, side, `${name}.txt`), texts.join('\n---\n'));
    }
  }
  if (a && b && a.join() !== b.join()) {
    // What goes on at once comes in any order.
    const sorted = (texts) => [...new Set(texts)].sort();
    [a, b] = [sorted(a), sorted(b)];
    if (a.join() === b.join()) otherwise.push(name);
  }
  const wrong = [];
  if (!a || !b) wrong.push(`  only in ${a ? before : after}`);
  if (a && b && a.join() !== b.join()) wrong.push(...differences(a, b));
  if (wrong.length) console.log(`${name}\n${wrong.slice(0, 6).join('\n')}\n`);
  if (wrong.length) different += 1;
  else [same, answers] = [same + 1, answers + a.length];
}
if (otherwise.length) console.log(`The same in another order:\n  ${otherwise.join('\n  ')}\n`);
console.log(`${same} tests with ${answers} records are the same, ${different} are not`);
process.exit(different ? 1 : 0);
