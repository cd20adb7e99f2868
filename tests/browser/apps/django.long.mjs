// Django's admin, as it comes, used by somebody in Chromium over HTTP/2. `tests/long` installs it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADMIN, SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import {
  INSTALLED,
  answers,
  appCookies,
  folderFor,
  run,
  startServer,
  stopAll,
  watch,
} from './programs.mjs';

/** Who may enter the admin by Django's own login, after that of Doorcode. */
const NAME = 'acme';
const PASSWORD = 'a-password-that-only-the-tests-know';

const PYTHON = join(INSTALLED, 'python/apps/bin/python');
const SITE = fileURLToPath(new URL('django_site.py', import.meta.url));

let app;
let browser;
let doorcode;
let folder;
before(async () => {
  folder = await folderFor('django');
  const port = await freePort();
  app = await startDjango(port);
  doorcode = await startDoorcode(SECURE, { upstream: port });
  browser = await openBrowser();
});
after(() => stopAll([app, doorcode, browser && { stop: () => browser.close() }], folder));

/** Runs a command of Django's to its end. */
function django(...args) {
  const env = { DJANGO_SUPERUSER_PASSWORD: PASSWORD };
  return run(PYTHON, [SITE, ...args], { folder, env });
}

async function startDjango(port) {
  await django('migrate');
  await django('createsuperuser', '--noinput', '--username', NAME, '--email', 'acme@example.com');
  const server = [SITE, 'runserver', '--noreload', `127.0.0.1:${port}`];
  const probe = () => answers(`http://127.0.0.1:${port}/admin/login/`);
  return startServer(PYTHON, server, { folder, probe });
}

test('Django over HTTP/2: somebody logs in to the admin and saves, by forms and two cookies', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  const traffic = watch(person);
  await person.visit('/admin/');
  await person.askForCode(ADMIN);
  await person.typeCode(await doorcode.twilio.code(ADMIN));
  await person.sees('input[name=username]', "Django's own login");
  await person.page.fill('input[name=username]', NAME);
  await person.page.fill('input[name=password]', PASSWORD);
  await person.press('input[type=submit]');
  await person.landsOn('/admin/');

  for (const group of ['Editors', 'Readers']) {
    await person.visit('/admin/auth/group/add/');
    await person.page.fill('input[name=name]', group);
    await person.press('input[name=_save]');
    await person.landsOn('/admin/auth/group/');
    await person.seesText(`${group}”`);
  }
  const shown = await person.page.locator('#result_list tbody th a').allInnerTexts();
  assert.deepEqual(shown, ['Editors', 'Readers']);
  assert.deepEqual(await saved(), ['Editors', 'Readers']);

  const names = (await appCookies(person)).map(({ name }) => name);
  assert.deepEqual(names.sort(), ['csrftoken', 'sessionid']);
  assert.deepEqual(traffic.lines(({ status }) => status >= 400), []);
  assert.deepEqual(await traffic.otherwise(), []);
  await person.leave();
});

/** The groups that are in Django's database. */
async function saved() {
  const groups = JSON.parse(await django('dumpdata', 'auth.group'));
  return groups.map(({ fields }) => fields.name).sort();
}
