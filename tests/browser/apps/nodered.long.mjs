// Node-RED, as it comes, used by somebody in Chromium over HTTP/2. Its editor learns of everything that
// happens by a websocket. `tests/long` installs it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort, until } from '../servers.mjs';
import { INSTALLED, answers, askAs, folderFor, startServer, stopAll, watch } from './programs.mjs';

const NODE_RED = join(INSTALLED, 'apps/node_modules/node-red/red.js');

/** Nothing is looked up or installed from elsewhere, and nothing is told to anybody. */
const settings = (port) => ({
  uiHost: '127.0.0.1',
  uiPort: port,
  flowFile: 'flows.json',
  credentialSecret: 'a-secret-that-only-the-tests-know',
  telemetry: { enabled: false, updateNotification: false },
  externalModules: { palette: { allowInstall: false, allowUpload: false } },
  editorTheme: { tours: false },
});

let app;
let browser;
let doorcode;
let folder;
before(async () => {
  folder = await folderFor('node-red');
  const port = await freePort();
  const file = join(folder, 'settings.js');
  await writeFile(file, `module.exports = ${JSON.stringify(settings(port))};\n`);
  const probe = () => answers(`http://127.0.0.1:${port}/settings`);
  const server = [NODE_RED, '--userDir', folder, '--settings', file];
  app = await startServer(process.execPath, server, { folder, probe });
  doorcode = await startDoorcode(SECURE, { upstream: port });
  browser = await openBrowser();
});
after(() => stopAll([app, doorcode, browser && { stop: () => browser.close() }], folder));

/** A button that computes, and a page that answers with what is posted to it. */
const FLOW = [
  { id: 'tab1', type: 'tab', label: 'Orders' },
  {
    id: 'press',
    type: 'inject',
    z: 'tab1',
    name: 'press me',
    props: [{ p: 'payload' }],
    payload: '6*7',
    payloadType: 'jsonata',
    repeat: '',
    crontab: '',
    once: false,
    onceDelay: 0.1,
    x: 140,
    y: 80,
    wires: [['show']],
  },
  { id: 'show', type: 'debug', z: 'tab1', name: 'show', active: true, tosidebar: true, complete: 'payload', x: 400, y: 80, wires: [] },
  { id: 'in', type: 'http in', z: 'tab1', url: '/orders', method: 'post', x: 140, y: 160, wires: [['turn']] },
  {
    id: 'turn',
    type: 'function',
    z: 'tab1',
    func: 'msg.payload = { user: msg.req.headers["x-forwarded-user"], total: msg.payload.price * 2 };\nreturn msg;',
    outputs: 1,
    x: 320,
    y: 160,
    wires: [['out']],
  },
  { id: 'out', type: 'http response', z: 'tab1', x: 500, y: 160, wires: [] },
];

/** The button of the node, and what comes by the websocket when a message gets to the other one. */
const BUTTON = '.red-ui-flow-node:has-text("press me") .red-ui-flow-node-button-button';
const MESSAGE = '.red-ui-debug-msg-node-show .red-ui-debug-msg-payload';

/** Gives the flow to the dialog that imports. The editor looks at it when a key is pressed there. */
async function writeFlow(page) {
  const place = page.locator('#red-ui-clipboard-dialog-import-text');
  const taken = async () => {
    if (!(await place.isVisible())) {
      await page.keyboard.press('Control+i');
      return false;
    }
    await place.fill(JSON.stringify(FLOW));
    await place.press('End');
    return page.locator('#red-ui-clipboard-dialog-ok').isEnabled();
  };
  await until(taken, 'the flow to be taken', 180, 500);
}

test('Node-RED over HTTP/2: a flow is imported, deployed and run, and the editor is told', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  const traffic = watch(person);
  const sockets = [];
  person.page.on('websocket', (socket) => sockets.push(new URL(socket.url()).pathname));
  await person.signIn('+12025550491');
  await person.sees('#red-ui-header-button-deploy', 'the editor');
  await person.sees('#red-ui-workspace-chart', 'the place for flows');
  await writeFlow(person.page);
  await person.page.locator('#red-ui-clipboard-dialog-ok').click();
  await person.page.locator('#red-ui-workspace-tabs a:has-text("Orders")').click();
  await person.sees(BUTTON, 'the node with a button');
  await person.page.locator('#red-ui-header-button-deploy').click();
  const deployed = () => traffic.lines(({ method, path }) => method === 'POST' && path === '/flows');
  await until(() => deployed().length > 0, () => `the flow to be deployed\n${app.log()}`);
  assert.deepEqual(deployed(), ['POST /flows 200']);
  const kept = JSON.parse(await readFile(join(folder, 'flows.json'), 'utf8'));
  assert.ok(kept.some(({ name }) => name === 'press me'), JSON.stringify(kept));

  await person.seesText('Successfully deployed');
  await person.page.locator(BUTTON).click();
  await person.sees(`${MESSAGE}:has-text("42")`, 'what the flow has computed, in the editor');
  assert.deepEqual(traffic.lines(({ path }) => path.startsWith('/inject/')), ['POST /inject/press 200']);
  assert.match(sockets.join('\n'), /^\/comms$/m);

  const headers = { 'content-type': 'application/json' };
  const ordered = await askAs(person, 'POST', '/orders', { headers, body: '{"price":21}' });
  assert.equal(ordered.status, 200, ordered.text);
  const { user, total } = JSON.parse(ordered.text);
  assert.match(user, /^sms\|[0-9a-f]{24}$/);
  assert.equal(total, 42);
  assert.deepEqual(traffic.lines(({ status }) => status >= 400), []);
  assert.deepEqual(await traffic.otherwise(), []);
  await person.leave();
});
