// Verdaccio, a registry of npm's packages, and npm itself. npm writes the name of a package with a
// scope as `@scope%2fname`, and speaks HTTP/1.1. `tests/long` installs Verdaccio.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { freePort, until } from '../servers.mjs';
import { INSTALLED, answers, ask, folderFor, run, startServer, stopAll } from './programs.mjs';

const VERDACCIO = join(INSTALLED, 'apps/node_modules/verdaccio/bin/verdaccio');

/** Packages come from nowhere else. Who may publish is the registry's to say. */
const SETTINGS = `
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
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
let doorcode;
let folder;
before(async () => {
  folder = await folderFor('verdaccio');
  const port = await freePort();
  await writeFile(join(folder, 'verdaccio.yaml'), SETTINGS);
  const listen = ['--config', join(folder, 'verdaccio.yaml'), '--listen', `127.0.0.1:${port}`];
  const probe = () => answers(`http://127.0.0.1:${port}/-/ping`);
  app = await startServer(process.execPath, [VERDACCIO, ...listen], { folder, probe });
  doorcode = await startDoorcode(SECURE, { upstream: port, clients: RULES });
});
after(() => stopAll([app, doorcode], folder));

const json = { 'content-type': 'application/json', accept: 'application/json' };

/** What `npm adduser` asks for. */
async function newUser(name) {
  const body = JSON.stringify({ name, password: 'a-password-that-only-the-tests-know' });
  const answer = await ask(doorcode, 'PUT', `/-/user/org.couchdb.user:${name}`, { headers: json, body });
  assert.equal(answer.status, 201, answer.text);
  return JSON.parse(answer.text).token;
}

/** A command of npm's in a folder with a package of its own. */
async function projectOf(name, settings, token) {
  const place = join(folder, name);
  const { host } = new URL(doorcode.origin);
  await mkdir(place);
  await writeFile(join(place, 'package.json'), JSON.stringify(settings));
  await writeFile(join(folder, 'ca.pem'), doorcode.certificate);
  const lines = [`registry=${doorcode.origin}/`, `cafile=${join(folder, 'ca.pem')}`];
  if (token) lines.push(`//${host}/:_authToken=${token}`);
  await writeFile(join(place, '.npmrc'), `${lines.join('\n')}\n`);
  const env = { npm_config_update_notifier: 'false', npm_config_cache: join(folder, 'cache') };
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
