// Apache with mod_auth_openidc, as Debian has both. Not among the tests of every change, which need
// no other server; `tests/long` installs it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ALONE_BY_NAME, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort, until } from '../servers.mjs';
import { SECRETS } from './apps.mjs';

const APACHE = '/usr/sbin/apache2';
const MODULES = '/usr/lib/apache2/modules';

let apache;
let browser;
let doorcode;
before(async () => {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const clients = `
[[client]]
id = "apache"
name = "Acme Wiki"
type = "confidential"
secret = "env:WEB_SECRET"
callbacks = ["${origin}/signed-in"]
logout_urls = ["${origin}/bye"]
`;
  doorcode = await startDoorcode(ALONE_BY_NAME, { clients, secrets: SECRETS });
  apache = await startApache(port, origin);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await apache?.stop();
  await doorcode?.stop();
});

const configuration = (folder, port, origin) => `
ServerRoot "${folder}"
ServerName localhost:${port}
Listen 127.0.0.1:${port}
PidFile "${folder}/pid"
ErrorLog "${folder}/error.log"
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authn_core_module ${MODULES}/mod_authn_core.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule authz_user_module ${MODULES}/mod_authz_user.so
LoadModule headers_module ${MODULES}/mod_headers.so
LoadModule auth_openidc_module ${MODULES}/mod_auth_openidc.so
User www-data
Group www-data
DocumentRoot "${folder}/pages"
OIDCProviderMetadataURL ${doorcode.issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret ${SECRETS.WEB_SECRET}
OIDCRedirectURI ${origin}/signed-in
OIDCScope "openid profile phone offline_access"
OIDCRemoteUserClaim sub
OIDCPKCEMethod S256
OIDCCryptoPassphrase a-secret-for-the-cookies-of-this-server
<Location "/">
  AuthType openid-connect
  Require valid-user
  Header always set X-User "expr=%{REMOTE_USER}"
  Header always set X-Phone "expr=%{env:OIDC_CLAIM_phone_number}"
</Location>
<Location "/bye">
  AuthType None
  Require all granted
</Location>
`;

async function startApache(port, origin) {
  const folder = await mkdtemp(join(tmpdir(), 'doorcode-apache-'));
  // Its workers are another user.
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'pages'));
  await writeFile(join(folder, 'pages', 'index.html'), '<title>Wiki</title><h1>The wiki</h1>');
  await writeFile(join(folder, 'pages', 'bye'), 'Bye');
  const file = join(folder, 'apache.conf');
  await writeFile(file, configuration(folder, port, origin));
  const child = spawn(APACHE, ['-f', file, '-DFOREGROUND'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const exit = once(child, 'exit');
  const answers = async () => (await fetch(`${origin}/bye`).catch(() => null))?.ok;
  const log = () => readFile(join(folder, 'error.log'), 'utf8').catch(String);
  const stop = async () => {
    child.kill();
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(answers, 'Apache');
  } catch (error) {
    const said = await log();
    await stop();
    throw new Error(said, { cause: error });
  }
  return { origin, log, stop };
}

test('mod_auth_openidc: login, who it is, and logout', async () => {
  const phone = '+12025550491';
  const person = await Person.at(browser, { origin: apache.origin, log: doorcode.log });
  await person.visit('/');
  await person.askForCode(phone);
  await person.typeCode(await doorcode.twilio.code(phone));
  await person.landsOn('/');
  const answer = await person.visit('/');
  const { 'x-user': user, 'x-phone': number } = answer.headers();
  assert.match(user ?? '', /^sms\|[0-9a-f]{24}/, await apache.log());
  assert.equal(number, phone);
  await person.visit(`/signed-in?logout=${encodeURIComponent(`${apache.origin}/bye`)}`);
  await person.landsAt(`${apache.origin}/bye`);
  await person.visit('/');
  await person.sees('input[name=phone]', 'the page that asks for a number');
  await person.leave();
});
