// JupyterLab, as it comes, used by somebody in Chromium over HTTP/2. `tests/long` installs it.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort, until } from '../servers.mjs';
import {
  INSTALLED,
  answers,
  appCookies,
  askAs,
  askOnPage,
  folderFor,
  startServer,
  stopAll,
  watch,
} from './programs.mjs';

let app;
let browser;
let doorcode;
let folder;
before(async () => {
  folder = await folderFor('jupyter');
  await mkdir(place('reports'), { recursive: true });
  const port = await freePort();
  app = await startJupyter(port);
  doorcode = await startDoorcode(SECURE, { upstream: port });
  browser = await openBrowser();
});
after(() => stopAll([app, doorcode, browser && { stop: () => browser.close() }], folder));

/** Who may use it is Doorcode's to say: it has no token of its own. Nothing is looked up elsewhere. */
const SETTINGS = {
  'IdentityProvider.token': '',
  'ServerApp.ip': '127.0.0.1',
  'ServerApp.port_retries': 0,
  'ServerApp.open_browser': false,
  'ServerApp.allow_root': true,
  'LabApp.check_for_updates_class': 'jupyterlab.NeverCheckForUpdate',
  'LabApp.news_url': 'None',
  'LabApp.extension_manager': 'readonly',
};

/** Where a file of the notebooks' folder is. */
const place = (name) => join(folder, 'work', name);

function startJupyter(port) {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `--${name}=${value}`);
  const places = [`--ServerApp.port=${port}`, `--ServerApp.root_dir=${place('')}`];
  const command = join(INSTALLED, 'python/apps/bin/jupyter-lab');
  const probe = () => answers(`http://127.0.0.1:${port}/api`);
  return startServer(command, [...settings, ...places], { folder, probe });
}

/** Makes a notebook. */
const LAUNCHER = '.jp-LauncherCard[data-category="Notebook"]';

/** The only cell of a new notebook, and where the answers of the kernel appear. */
const CELL = '.jp-Notebook .cm-content';
const OUTPUT = '.jp-OutputArea-output';

test('JupyterLab over HTTP/2: a notebook is made, computes and is saved', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  const traffic = watch(person);
  const sockets = [];
  person.page.on('websocket', (socket) => sockets.push(new URL(socket.url()).pathname));
  await person.signIn('+12025550431', '/api');
  await person.visit('/lab');
  await person.sees(LAUNCHER, 'the launcher');
  await person.page.locator(LAUNCHER).first().click();
  await person.sees(CELL, 'a notebook');
  // What is run before that is lost, without Doorcode too.
  await person.seesText(/Python 3 \(ipykernel\) \| Idle/);
  await person.page.locator(CELL).first().click();
  await person.page.keyboard.type('6*7');
  await person.page.keyboard.press('Shift+Enter');
  await person.sees(`${OUTPUT}:has-text("42")`, 'what the kernel has computed');
  await person.page.keyboard.press('Control+s');
  // Asks for a name first.
  await person.page.locator('.jp-Dialog .jp-mod-accept').click();
  const write = ({ method, path }) => method !== 'GET' && path.startsWith('/api/contents');
  const writes = () => traffic.lines(write);
  const saved = () => writes().includes('PUT /api/contents/Untitled.ipynb 200');
  await until(saved, () => `the notebook to be saved; written so far:\n${writes().join('\n')}\n${app.log()}`);
  assert.match(await readFile(place('Untitled.ipynb'), 'utf8'), /"text\/plain": \[\s*"42"/);

  assert.match(sockets.join('\n'), /^\/api\/kernels\/[0-9a-f-]+\/channels$/m);
  const names = (await appCookies(person)).map(({ name }) => name);
  assert.ok(names.includes('_xsrf') && names.length > 1, `Jupyter has two cookies: ${names}`);
  assert.ok(writes().includes('POST /api/contents 201'), writes().join('\n'));
  assert.deepEqual(traffic.lines(({ status }) => status >= 400), []);
  assert.deepEqual(await traffic.otherwise(), []);
  await person.leave();
});

test('JupyterLab over HTTP/2: a file has an address with an encoded slash', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  await person.signIn('+12025550432', '/api');
  await person.visit('/lab');
  await person.sees('#jp-main-dock-panel', 'JupyterLab');
  const token = (await appCookies(person)).find(({ name }) => name === '_xsrf').value;
  const headers = { 'x-xsrftoken': token, 'content-type': 'application/json' };
  const body = JSON.stringify({ type: 'file', format: 'text', content: 'Six times seven' });
  const written = await askAs(person, 'PUT', '/api/contents/reports%2F6%20x%207.txt', { headers, body });
  assert.equal(written.status, 201, written.text);
  assert.equal(JSON.parse(written.text).path, 'reports/6 x 7.txt');
  assert.equal(await readFile(place('reports/6 x 7.txt'), 'utf8'), 'Six times seven');
  // By its own pages alone.
  const read = await askOnPage(person, '/files/reports%2f6%20x%207.txt');
  assert.deepEqual(read, { status: 200, text: 'Six times seven' });
  const gone = await askAs(person, 'DELETE', '/api/contents/reports%2F6%20x%207.txt', { headers });
  assert.equal(gone.status, 204, gone.text);
  await person.leave();
});
