// Radicale, as Debian has it, and programs for calendars, which log in by a personal access token. It
// files the calendars of each person by their id, which Doorcode tells it. `tests/long` installs it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import { INSTALLED, answers, ask, folderFor, run, startServer, stopAll } from './programs.mjs';
import { basic, makeToken, startTap } from './tokens.mjs';

const PYTHON = join(INSTALLED, 'python/caldav/bin/python');
const CLIENT = fileURLToPath(new URL('radicale_client.py', import.meta.url));

/** Who asks is Doorcode's to say; only they see what is theirs. */
const settings = (port) => `
[server]
hosts = 127.0.0.1:${port}
[auth]
type = http_x_remote_user
[rights]
type = owner_only
[storage]
filesystem_folder = ${join(folder, 'collections')}
`;
const SITE = 'identity = { X-Remote-User = "sub", X-Forwarded-User = "sub" }';

let app;
let browser;
let doorcode;
let folder;
let tap;
before(async () => {
  folder = await folderFor('radicale');
  const port = await freePort();
  await writeFile(join(folder, 'radicale.conf'), settings(port));
  const probe = () => answers(`http://127.0.0.1:${port}/`);
  const server = ['--config', join(folder, 'radicale.conf')];
  app = await startServer('/usr/bin/radicale', server, { folder, probe });
  tap = await startTap(port);
  doorcode = await startDoorcode({ ...SECURE, tokens: true }, { upstream: tap.port, site: SITE });
  await writeFile(join(folder, 'ca.pem'), doorcode.certificate);
  browser = await openBrowser();
});
after(() => stopAll([app, tap, doorcode, browser && { stop: () => browser.close() }], folder));

const XML = { 'content-type': 'application/xml; charset=utf-8', 'user-agent': 'iOS/26.1 dataaccessd/1.0' };
const PRINCIPAL =
  '<propfind xmlns="DAV:"><prop><current-user-principal/><resourcetype/></prop></propfind>';
const EVENTS = `<c:calendar-query xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<prop><getetag/><c:calendar-data/></prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/>
</c:comp-filter></c:filter></c:calendar-query>`;
const EVENT = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//Acme//Tests//EN',
  'BEGIN:VEVENT',
  'UID:tea-1',
  'DTSTAMP:20261130T080000Z',
  'DTSTART:20261201T090000Z',
  'DTEND:20261201T100000Z',
  'SUMMARY:Tea',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

test('Radicale over HTTP/2: a phone asks, is asked for the password, and keeps its calendar', async () => {
  const token = await makeToken(browser, doorcode, '+12025550471');
  for (const path of ['/.well-known/caldav', '/']) {
    const nobody = await ask(doorcode, 'PROPFIND', path, { headers: XML, body: PRINCIPAL });
    assert.equal(nobody.status, 401, nobody.text);
    assert.match(nobody.headers['www-authenticate'], /^Basic realm="/);
  }
  const wrong = { ...XML, authorization: basic(`dcp_${'a'.repeat(56)}`) };
  assert.equal((await ask(doorcode, 'PROPFIND', '/', { headers: wrong, body: PRINCIPAL })).status, 401);

  const asks = (method, path, headers, body = null) =>
    ask(doorcode, method, path, { headers: { ...XML, authorization: basic(token), ...headers }, body });
  const found = await asks('PROPFIND', '/', { depth: '0' }, PRINCIPAL);
  assert.equal(found.status, 207, found.text);
  const [, home] = found.text.match(/<current-user-principal><href>(\/sms%7C[0-9a-f]{24}\/)<\/href>/);
  const calendar = `${home}deliveries/`;
  // Radicale takes it as it is sent.
  const destination = `${doorcode.origin}${decodeURIComponent(calendar)}jam.ics`;
  const steps = [
    ['MKCALENDAR', calendar, {}, null, 201],
    ['PUT', `${calendar}tea.ics`, { 'content-type': 'text/calendar', 'if-none-match': '*' }, EVENT, 201],
    ['REPORT', calendar, { depth: '1' }, EVENTS, 207, /SUMMARY:Tea/],
    ['MOVE', `${calendar}tea.ics`, { destination }, null, 201],
    ['GET', `${calendar}jam.ics`, {}, null, 200, /SUMMARY:Tea/],
    ['DELETE', `${calendar}jam.ics`, {}, null, 200],
    ['GET', `${calendar}jam.ics`, {}, null, 404],
    ['DELETE', calendar, {}, null, 200],
    ['PROPFIND', calendar, { depth: '1' }, PRINCIPAL, 404],
  ];
  for (const [method, path, headers, body, status, text = /(?:)/] of steps) {
    const answer = await asks(method, path, headers, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}\n${app.log()}`);
    assert.match(answer.text, text);
  }
  tap.keepsSecret(token);
});

test('Radicale over HTTP/2: a program by the library caldav', async () => {
  const token = await makeToken(browser, doorcode, '+12025550472');
  const env = { URL: `${doorcode.origin}/`, CA: join(folder, 'ca.pem'), TOKEN: token };
  const said = JSON.parse(await run(PYTHON, [CLIENT], { folder, env }));
  assert.match(said.principal, /\/sms(%7C|\|)[0-9a-f]{24}\/$/);
  assert.deepEqual([said.summaries, said.left, said.versions], [['Tea'], 0, [20]]);
  // Without credentials first.
  assert.equal(said.statuses[0], 'PROPFIND 401', said.statuses.join('\n'));
  for (const step of ['MKCALENDAR 201', 'PUT 201', 'REPORT 207', 'DELETE 200']) {
    assert.ok(said.statuses.includes(step), said.statuses.join('\n'));
  }
  tap.keepsSecret(token);
});
