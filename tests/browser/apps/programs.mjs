// Starts real apps, each in a folder of its own that is its home too, and asks for what is in them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http2 from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../servers.mjs';

/** Where `tests/long` installs what is not Debian's. */
export const INSTALLED = fileURLToPath(new URL('../../../target/', import.meta.url));

/** Seconds that an app may take to start, and to end by itself, beside much other work. */
const START = 180;
const END = 60;

export const folderFor = (name) => mkdtemp(join(tmpdir(), `doorcode-${name}-`));

// Of this machine's environment nothing but where programs are: settings of npm and of proxies are in it.
const environment = (folder, env) => ({
  PATH: process.env.PATH,
  LANG: 'C.UTF-8',
  HOME: folder,
  TMPDIR: folder,
  ...env,
});

/** Runs a command to its end, and gives what it prints. */
export async function run(command, args, { folder, env = {} }) {
  const options = { cwd: folder, env: environment(folder, env) };
  try {
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}

/** Whether anything is answered at an address. */
export const answers = async (url) => (await fetch(url).catch(() => null)) !== null;

/** Whether anything listens at a port of this machine. */
export async function listens(port) {
  const socket = net.connect(port, '127.0.0.1');
  const heard = await once(socket, 'connect').catch(() => null);
  socket.destroy();
  return heard !== null;
}

/** Starts a server, and waits until `probe` says that it is there. `stop` ends it. */
export async function startServer(command, args, { folder, env = {}, probe }) {
  const none = [command, ...args].find((place) => isAbsolute(place) && !existsSync(place));
  if (none) throw new Error(`There is no ${none}: \`tests/long\` installs it`);
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { cwd: folder, env: environment(folder, env), stdio });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => lines.push(text));
  }
  let missing = null;
  child.once('error', (error) => {
    missing = error;
  });
  const ended = () => missing !== null || child.exitCode !== null || child.signalCode !== null;
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const log = () => lines.join('').split('\n').slice(-40).join('\n');
  const stop = async () => {
    process.off('exit', killNow);
    if (ended()) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exit, pause(END * 1000, null, { ref: false })]);
    if (!ended()) killNow();
    await exit;
  };
  try {
    await until(async () => ended() || probe(), () => `${command}\n${log()}`, START, 200);
    if (ended()) throw new Error(`${command} ended before it was ready:\n${log()}`, { cause: missing });
  } catch (error) {
    await stop();
    throw error;
  }
  return { log, stop };
}

/** Ends what was started, the last of it first, and removes the folder, whatever of it fails. */
export async function stopAll(parts, folder) {
  const faults = [];
  for (const part of parts.reverse()) await part?.stop().catch((fault) => faults.push(fault));
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  if (faults.length > 0) throw faults[0];
}

/** What browsers call it, and Node.js. */
const H2 = /^(h2|HTTP\/2(\.0)?)$/i;

/** Everything that the person's pages are answered from now on: by `method`, `path` and `status`. */
export function watch(person) {
  const seen = [];
  person.context.on('response', (response) => {
    const version = response.httpVersion().catch(() => null);
    const { pathname } = new URL(response.url());
    seen.push({ method: response.request().method(), path: pathname, status: response.status(), version });
  });
  return {
    /** `GET /path 200`, of those for which `which` says yes. */
    lines: (which) => seen.filter(which).map(({ method, path, status }) => `${method} ${path} ${status}`),
    /** What did not come over HTTP/2. */
    async otherwise() {
      const known = await Promise.all(seen.map(async (one) => ({ ...one, version: await one.version })));
      const old = known.filter(({ version }) => !H2.test(version));
      return old.map(({ method, path, version }) => `${method} ${path} ${version}`);
    },
  };
}

/** The cookies that the app of a site has given to the person, by name. */
export async function appCookies(person) {
  const cookies = await person.context.cookies(person.doorcode.origin);
  return cookies.filter(({ name }) => !/doorcode/i.test(name));
}

/**
 * One request over HTTP/2, with each cookie in a line of its own as browsers send them, and with
 * nothing between here and the wire that would change its path.
 */
export async function ask(doorcode, method, path, { headers = {}, cookies = [], body = null } = {}) {
  const connection = http2.connect(doorcode.origin, { ca: doorcode.certificate });
  try {
    await once(connection, 'connect');
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`);
    // As of clients that have all of it: apps of WSGI read no body whose length is not told.
    const length = body !== null && { 'content-length': Buffer.byteLength(body) };
    const own = { ...length, ...(cookie.length > 0 && { cookie }) };
    const lines = { ':method': method, ':path': path, ...own, ...headers };
    const stream = connection.request(lines, { endStream: body === null });
    if (body !== null) stream.end(body);
    const [answer] = await once(stream, 'response');
    let text = '';
    for await (const part of stream.setEncoding('utf8')) text += part;
    return { status: answer[':status'], headers: answer, text };
  } finally {
    connection.close();
  }
}

/** The same with the person's cookies. */
export async function askAs(person, method, path, options = {}) {
  const cookies = await person.context.cookies(person.doorcode.origin);
  return ask(person.doorcode, method, path, { ...options, cookies });
}

/** A request by a script of the page that the person is at: a browser does not touch the path either. */
export const askOnPage = (person, path, options = {}) =>
  person.page.evaluate(
    async ([url, init]) => {
      const answer = await fetch(url, init);
      return { status: answer.status, text: await answer.text() };
    },
    [path, options],
  );
