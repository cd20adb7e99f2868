// git over HTTP/2, before its own `git http-backend` and with a personal access token: a clone and a push.
// What else git meets (a helper for passwords, chunks, wrong tokens) is in tests/it/personal_tokens/git.rs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import { folderFor, run, stopAll } from './programs.mjs';
import { makeToken, startTap } from './tokens.mjs';

/** Bytes of a file that cannot be packed: more than flow control lets through at once. */
const LARGE = 8 << 20;

let browser;
let doorcode;
let folder;
let server;
let tap;
before(async () => {
  folder = await folderFor('git');
  await git('init', '--bare', '--initial-branch=main', 'repo.git');
  server = await startBackend();
  tap = await startTap(server.port);
  doorcode = await startDoorcode({ ...SECURE, tokens: true }, { upstream: tap.port });
  await writeFile(join(folder, 'ca.pem'), doorcode.certificate);
  browser = await openBrowser();
});
after(() => stopAll([server, tap, doorcode, browser && { stop: () => browser.close() }], folder));

/** A command of git's, which asks nobody and speaks HTTP/2. */
function git(...args) {
  const env = { GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', GIT_TRACE_CURL: join(folder, 'trace') };
  const settings = [`http.sslCAInfo=${join(folder, 'ca.pem')}`, 'http.version=HTTP/2', 'user.name=a', 'user.email=a@example.com'];
  return run('git', [...settings.flatMap((one) => ['-c', one]), ...args], { folder, env });
}

/** A web server with one program (RFC 3875), which lets those push who have a name. */
async function startBackend() {
  const answer = (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://backend');
    const header = (name) => request.headers[name] ?? '';
    const env = {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      REMOTE_USER: header('x-forwarded-user'),
      ...(header('content-length') && { CONTENT_LENGTH: header('content-length') }),
    };
    const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {});
    request.pipe(child.stdin);
    finish(child, response);
  };
  const listener = http.createServer(answer);
  const port = await freePort();
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  const stop = () => {
    listener.closeAllConnections();
    return new Promise((done) => listener.close(done));
  };
  return { port, stop };
}

/** Turns what the program says into an answer. */
async function finish(child, response) {
  const parts = [];
  for await (const part of child.stdout) parts.push(part);
  const said = Buffer.concat(parts);
  const end = said.indexOf('\r\n\r\n');
  const lines = said.subarray(0, end).toString('latin1').split('\r\n');
  for (const line of lines) {
    const [name, value] = line.split(': ');
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(said.subarray(end + 4));
}

test('git over HTTP/2: clones and pushes with a personal access token', async () => {
  const token = await makeToken(browser, doorcode, '+12025550496');
  const at = (password) => `${doorcode.origin.replace('://', `://me:${password}@`)}/repo.git`;
  await assert.rejects(git('clone', `${doorcode.origin}/repo.git`, 'none'), /could not read Username/);
  await assert.rejects(git('clone', at(`dcp_${'a'.repeat(56)}`), 'none'), /Authentication failed/);

  await git('clone', at(token), 'one');
  const bytes = randomBytes(LARGE);
  await writeFile(join(folder, 'one/large'), bytes);
  await git('-C', 'one', 'add', 'large');
  await git('-C', 'one', 'commit', '--message', 'A large file');
  await git('-C', 'one', 'push', 'origin', 'HEAD:main');
  assert.equal(await git('-C', 'repo.git', 'log', '--format=%s', 'main'), 'A large file\n');
  await git('clone', at(token), 'two');
  assert.ok((await readFile(join(folder, 'two/large'))).equals(bytes), 'the file is whole');

  const trace = await readFile(join(folder, 'trace'), 'utf8');
  const versions = trace.match(/(?<=<= Recv header: )HTTP\/\S+/g) ?? [];
  assert.ok(versions.length > 4 && versions.every((version) => version === 'HTTP/2'), versions.join());
  tap.keepsSecret(token);
});
