// A gRPC app and its client, both by tonic, with Doorcode between them: TLS and HTTP/2 before it, HTTP/2
// without TLS behind it. Their code is in the folder `grpc`; `tests/long` builds it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NO_AUTHORITY, makeCertificate } from '../certificate.mjs';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import { INSTALLED, folderFor, listens, run, startServer, stopAll } from './programs.mjs';
import { basic, makeToken } from './tokens.mjs';

const PROGRAM = join(INSTALLED, 'apps-grpc/debug/grpc-app');

let app;
let browser;
let doorcode;
let folder;
before(async () => {
  folder = await folderFor('grpc');
  const port = await freePort();
  app = await startServer(PROGRAM, ['serve', String(port)], { folder, probe: () => listens(port) });
  const pair = await makeCertificate(['localhost'], NO_AUTHORITY);
  const upstream = `h2c://127.0.0.1:${port}`;
  doorcode = await startDoorcode({ ...SECURE, tokens: true }, { upstream, pair });
  await writeFile(join(folder, 'ca.pem'), doorcode.certificate);
  browser = await openBrowser();
});
after(() => stopAll([app, doorcode, browser && { stop: () => browser.close() }], folder));

/** What the client says of all its calls, but for who the app takes the caller for. */
const CALLS = [
  'half: 42',
  'odd: InvalidArgument an odd number: ½ of it is left b"\\0\\x01\\xff"',
  'count to 1000: 1000, Ok',
  'count to 1001: 1000, OutOfRange that is too far',
  'sum: 500500',
  'doubled: [2, 4, 8, 16, 32, 64], then None',
];

async function call(env) {
  const said = await run(PROGRAM, ['call', doorcode.origin, join(folder, 'ca.pem')], { folder, env });
  return said.trimEnd().split('\n');
}

test('gRPC by tonic: every kind of call, with a personal access token', async () => {
  const token = await makeToken(browser, doorcode, '+12025550461');
  for (const authorization of [`Bearer ${token}`, basic(token)]) {
    const [caller, ...calls] = await call({ AUTHORIZATION: authorization });
    // No credentials after the id.
    assert.match(caller, /^caller: sms\|[0-9a-f]{24} $/);
    assert.deepEqual(calls, CALLS);
  }
});

test('gRPC by tonic: every kind of call, with a session', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  await person.signIn('+12025550462', '/.doorcode/account');
  const cookies = await person.context.cookies(doorcode.origin);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const [caller, ...calls] = await call({ COOKIE: cookie });
  assert.match(caller, /^caller: sms\|[0-9a-f]{24} $/);
  assert.deepEqual(calls, CALLS);
  await person.leave();
});

test('gRPC by tonic: who may not call gets a status of gRPC', async () => {
  const nobody = await call({});
  assert.equal(nobody.length, 1);
  assert.match(nobody[0], /^caller: Unauthenticated /);
  const [wrong] = await call({ AUTHORIZATION: `Bearer dcp_${'a'.repeat(56)}` });
  assert.match(wrong, /^caller: Unauthenticated /);
});
