// Verdaccio, a registry of npm's packages, and npm itself, which logs in to the registry, or to Doorcode by
// a personal access token. npm writes the name of a package with a scope as `@scope%2fname`, and speaks
// HTTP/1.1. `tests/long` installs Verdaccio.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { openBrowser } from '../person.mjs';
import { freePort, until } from '../servers.mjs';
import { INSTALLED, answers, ask, folderFor, run, startServer, stopAll } from './programs.mjs';
import { makeToken, startTap } from './tokens.mjs';

const VERDACCIO = join(INSTALLED, 'apps/node_modules/verdaccio/bin/verdaccio');

/** Packages come from nowhere else. Who may publish is the registry's to say, or the gate's for `@shop`. */
const SETTINGS = `
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
  '@shop/*':
    access: $all
    publish: $all
  '**':
    access: $all
    publish: $authenticated
log: { type: stdout, format: json, level: warn }
`;

/** npm logs in to the registry, by no page. */
const RULES = `
[[site.rule]]
path = "/*"
allow = ["public"]
`;

let app;
let browser;
let doorcode;
let folder;
/** The same registry where nobody gets in without a token. */
let gate;
let tap;
before(async () => {
  folder = await folderFor('verdaccio');
  const port = await freePort();
  await writeFile(join(folder, 'verdaccio.yaml'), SETTINGS);
  const listen = ['--config', join(folder, 'verdaccio.yaml'), '--listen', `127.0.0.1:${port}`];
  const probe = () => answers(`http://127.0.0.1:${port}/-/ping`);
  app = await startServer(process.execPath, [VERDACCIO, ...listen], { folder, probe });
  doorcode = await startDoorcode(SECURE, { upstream: port, clients: RULES });
  tap = await startTap(port);
  gate = await startDoorcode({ ...SECURE, tokens: true }, { upstream: tap.port });
  browser = await openBrowser();
});
after(() => stopAll([app, doorcode, tap, gate, browser && { stop: () => browser.close() }], folder));

const json = { 'content-type': 'application/json', accept: 'application/json' };

/** What `npm adduser` asks for. */
async function newUser(name) {
  const body = JSON.stringify({ name, password: 'a-password-that-only-the-tests-know' });
  const answer = await ask(doorcode, 'PUT', `/-/user/org.couchdb.user:${name}`, { headers: json, body });
  assert.equal(answer.status, 201, answer.text);
  return JSON.parse(answer.text).token;
}

/** A command of npm's in a folder with a package of its own. */
async function projectOf(name, settings, token, registry = doorcode) {
  const place = join(folder, name);
  const { host } = new URL(registry.origin);
  const authority = join(place, 'ca.pem');
  await mkdir(place);
  await writeFile(join(place, 'package.json'), JSON.stringify(settings));
  await writeFile(authority, registry.certificate);
  const lines = [`registry=${registry.origin}/`, `cafile=${authority}`];
  if (token) lines.push(`//${host}/:_authToken=${token}`);
  await writeFile(join(place, '.npmrc'), `${lines.join('\n')}\n`);
  const env = { npm_config_update_notifier: 'false', npm_config_cache: join(place, 'cache') };
  return { place, npm: (...args) => run('npm', args, { folder: place, env: { ...env, HOME: folder } }) };
}

test('npm and Verdaccio: a package with a scope is published, shown and installed', async () => {
  const token = await newUser('acme');
  const tools = await projectOf('tools', { name: '@acme/tools', version: '1.2.3', main: 'tools.js' }, token);
  await writeFile(join(tools.place, 'tools.js'), 'module.exports = 6 * 7;\n');
  await tools.npm('publish');
  const published = /"method":"PUT",[^}]*"path":"\/@acme%2ftools",[^}]*"status":201/;
  await until(() => published.test(doorcode.log()), () => `npm's request in:\n${doorcode.log()}`);

  const shop = await projectOf('shop', { name: 'shop', version: '1.0.0', private: true });
  const shown = await shop.npm('view', '@acme/tools', 'version', 'dist.tarball', '--json');
  const tarball = `${doorcode.origin}/@acme/tools/-/tools-1.2.3.tgz`;
  assert.deepEqual(JSON.parse(shown), { version: '1.2.3', 'dist.tarball': tarball });
  await shop.npm('install', '@acme/tools');
  const installed = join(shop.place, 'node_modules/@acme/tools/tools.js');
  assert.equal(await readFile(installed, 'utf8'), 'module.exports = 6 * 7;\n');

  for (const path of ['/@acme%2ftools', '/@acme%2Ftools']) {
    const read = await ask(doorcode, 'GET', path, { headers: json });
    assert.equal(read.status, 200, read.text);
    assert.equal(JSON.parse(read.text)['dist-tags'].latest, '1.2.3');
  }
});

test('npm and Verdaccio: a personal access token publishes, shows and installs', async () => {
  const token = await makeToken(browser, gate, '+12025550495');
  const own = { name: '@shop/tools', version: '2.0.1', main: 'tools.js', files: ['tools.js'] };
  const stranger = await projectOf('stranger', own, `dcp_${'a'.repeat(56)}`, gate);
  await writeFile(join(stranger.place, 'tools.js'), 'module.exports = 0;\n');
  await assert.rejects(stranger.npm('publish'), /E401/);
  const tools = await projectOf('gated-tools', own, token, gate);
  await writeFile(join(tools.place, 'tools.js'), 'module.exports = 6 * 7;\n');
  await tools.npm('publish');
  assert.match(tap.asked(), /^PUT \/@shop%2ftools HTTP\/1\.1\r$/m);

  const nobody = await projectOf('nobody', { name: 'nobody', version: '1.0.0' }, null, gate);
  await assert.rejects(nobody.npm('install', '@shop/tools'), /E401/);
  const shop = await projectOf('gated-shop', { name: 'shop', version: '1.0.0', private: true }, token, gate);
  const shown = await shop.npm('view', '@shop/tools', 'dist.tarball', '--json');
  assert.equal(JSON.parse(shown), `${gate.origin}/@shop/tools/-/tools-2.0.1.tgz`);
  await shop.npm('install', '@shop/tools');
  const installed = join(shop.place, 'node_modules/@shop/tools/tools.js');
  assert.equal(await readFile(installed, 'utf8'), 'module.exports = 6 * 7;\n');
  tap.keepsSecret(token);
});
