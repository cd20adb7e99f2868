// An app that a page of another site shows in a frame: the login inside of it, in a browser that
// blocks cookies of other sites except partitioned ones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCertificate } from './certificate.mjs';
import { startDoorcode } from './doorcode.mjs';
import { NUMBER_FIELD, Person, openWholeBrowser } from './person.mjs';
import { serve, until } from './servers.mjs';

// Chromium takes each name below `localhost` for a site of its own.
const NAMES = ['portal.localhost', 'stranger.localhost', 'auth.localhost', 'app.localhost'];

let browser;
let doorcode;
let portal;
/** The portal's page, and the same at a name that the app does not list. */
const at = (name) => `https://${name}.localhost:${portal.port}/`;
before(async () => {
  const pair = await makeCertificate(NAMES);
  portal = await serve(
    (request, _, response) => {
      const app = new URL(request.url, at('portal')).searchParams.get('app');
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      const frame = `<iframe src="${app}" width="320" height="480"></iframe>`;
      response.end(`<!doctype html><html lang="en"><title>Portal</title><h1>Portal</h1>${frame}`);
    },
    { pair },
  );
  const framedBy = [new URL(at('portal')).origin];
  const hosts = { issuer: 'auth.localhost', shop: 'app.localhost', scheme: 'https', framedBy };
  doorcode = await startDoorcode(hosts, { pair });
  browser = await openWholeBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await portal?.stop();
});

const somebody = () => Person.at(browser, doorcode, { ignoreHTTPSErrors: true });

/** Shows a page of the app in the portal; the person then looks at the frame. */
async function showIn(person, name, path) {
  const window = person.page.page?.() ?? person.page;
  await window.goto(`${at(name)}?app=${encodeURIComponent(new URL(path, doorcode.origin).href)}`);
  person.page = window.frames()[1];
  return window;
}

/** The end of who the app said is there, if it did. */
const shown = async (person) => (await person.page.locator('pre').textContent()).match(/\+1202555\d{4}/)?.[0];

test('an app in a frame is signed in to there, apart from its own window', async () => {
  const [here, there] = ['+12025550180', '+12025550181'];
  const person = await somebody();
  const window = await showIn(person, 'portal', '/orders?a=b');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number, in the frame');
  assert.match(person.page.url(), /^https:\/\/auth\.localhost/);
  await person.askForCode(here);
  await person.typeCode(await doorcode.twilio.code(here));
  await person.landsOn('/orders?a=b');
  assert.equal(await shown(person), here);
  const ours = (await person.context.cookies()).filter(({ name }) => name.includes('doorcode'));
  assert.ok(ours.length >= 3, JSON.stringify(ours));
  for (const { name, sameSite, secure, partitionKey } of ours) {
    assert.match(name, /^__Host-doorcode-framed/);
    assert.deepEqual({ sameSite, secure, partitionKey }, { sameSite: 'None', secure: true, partitionKey: 'https://portal.localhost' });
  }

  await window.reload();
  person.page = window.frames()[1];
  await person.landsOn('/orders?a=b');
  assert.equal(await shown(person), here, 'it is still there after a reload');

  // In a window of its own the app knows nobody, and gets another session.
  person.page = await person.context.newPage();
  await person.signIn(there, '/orders');
  assert.equal(await shown(person), there);

  // Signing out in the frame ends that of the frame only.
  const own = person.page;
  await showIn(Object.assign(person, { page: window }), 'portal', '/.doorcode/sign-out');
  await person.press(person.button());
  await person.seesText(/signed out/i);
  const names = (await person.context.cookies(doorcode.origin)).map(({ name }) => name);
  assert.deepEqual(names.sort(), ['__Host-doorcode'], 'the cookie of the frame is gone');
  await showIn(person, 'portal', '/orders');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number, in the frame');
  person.page = own;
  await person.visit('/orders');
  assert.equal(await shown(person), there);
  await person.leave();
});

test('a page that is not listed cannot show the login', async () => {
  const person = await somebody();
  const refused = [];
  person.context.on('console', (message) => refused.push(message.text()));
  const window = await showIn(person, 'stranger', '/orders');
  await until(() => refused.some((text) => /frame-ancestors/.test(text)), () => refused.join('\n'));
  assert.equal(await window.frames()[1].locator(NUMBER_FIELD).count(), 0);
  await person.close();
});

test('cookies of other sites that are not partitioned are blocked in these tests', async () => {
  const person = await somebody();
  await showIn(person, 'portal', '/public/page');
  await person.seesText('The shop');
  const kept = (attributes) =>
    person.page.evaluate((line) => {
      document.cookie = line;
      return document.cookie;
    }, `a=b; SameSite=None; Secure${attributes}`);
  assert.equal(await kept(''), '');
  assert.equal(await kept('; Partitioned'), 'a=b');
  await person.leave();
});
