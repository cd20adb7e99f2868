// Adminer, as Debian has it, with a database of SQLite, used by somebody in Chromium over HTTP/2. It is
// served by PHP's own server. `tests/long` installs both.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import { answers, appCookies, folderFor, run, startServer, stopAll, watch } from './programs.mjs';

/** Of the login of its own that it has behind Doorcode's. */
const NAME = 'acme';
const PASSWORD = 'a-password-that-only-the-tests-know';

/** SQLite has no passwords: without one Adminer logs nobody in. It looks up no new version. */
const PAGE = `<?php
function adminer_object() {
  foreach (['plugin', 'login-password-less', 'version-noverify'] as $name) {
    require "/usr/share/adminer/plugins/$name.php";
  }
  $password = password_hash('${PASSWORD}', PASSWORD_DEFAULT);
  return new AdminerPlugin([new AdminerLoginPasswordLess($password), new AdminerVersionNoverify]);
}
require '/usr/share/adminer/adminer.php';
`;

let app;
let browser;
let doorcode;
let folder;
before(async () => {
  folder = await folderFor('adminer');
  await writeFile(join(folder, 'index.php'), PAGE);
  await writeFile(join(folder, 'shop.db'), '');
  const port = await freePort();
  const server = ['-d', `session.save_path=${folder}`, '-S', `127.0.0.1:${port}`, '-t', folder];
  const probe = () => answers(`http://127.0.0.1:${port}/`);
  app = await startServer('/usr/bin/php', server, { folder, probe });
  doorcode = await startDoorcode(SECURE, { upstream: port });
  browser = await openBrowser();
});
after(() => stopAll([app, doorcode, browser && { stop: () => browser.close() }], folder));

/** What the database holds, asked without Adminer. */
const orders = () =>
  run('/usr/bin/php', ['-r', "echo (new SQLite3('shop.db'))->querySingle('SELECT group_concat(name) FROM orders');"], {
    folder,
  });

async function query(person, text) {
  await person.press('#menu a[href*="&sql="]');
  await person.page.locator('pre.sqlarea').click();
  await person.page.keyboard.type(text);
  await person.press('input[type=submit][value=Execute]');
}

test('Adminer over HTTP/2: somebody logs in, and makes, fills and reads a table', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  const traffic = watch(person);
  await person.signIn('+12025550451');
  await person.sees('input[name="auth[username]"]', "Adminer's own login");
  await person.page.selectOption('select[name="auth[driver]"]', 'sqlite');
  await person.page.fill('input[name="auth[username]"]', NAME);
  await person.page.fill('input[name="auth[password]"]', PASSWORD);
  await person.page.fill('input[name="auth[db]"]', join(folder, 'shop.db'));
  await person.press('input[type=submit][value=Login]');
  await person.seesText('No tables.');

  await query(person, 'CREATE TABLE orders (name TEXT, price REAL)');
  await person.seesText('Query executed OK');
  await query(person, "INSERT INTO orders VALUES ('tea', 1.5), ('jam; 50%', 40.5)");
  await person.seesText('2 rows affected');
  await query(person, 'SELECT sum(price) AS total FROM orders');
  await person.sees('#content table', 'the answer');
  const shown = await person.page.locator('#content table').first().innerText();
  assert.deepEqual(shown.split(/\s+/), ['total', '42']);
  assert.equal(await orders(), 'tea,jam; 50%');

  const names = (await appCookies(person)).map(({ name }) => name);
  assert.ok(['adminer_sid', 'adminer_key'].every((name) => names.includes(name)), names.join());
  assert.deepEqual(traffic.lines(({ status }) => status >= 400), []);
  assert.deepEqual(await traffic.otherwise(), []);
  await person.leave();
});
