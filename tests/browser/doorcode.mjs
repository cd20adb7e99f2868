// Starts the real binary before a fake app, with a fake Twilio, in a folder of its own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startApp, startElsewhere } from './app.mjs';
import { makeCertificate } from './certificate.mjs';
import { freePort, until } from './servers.mjs';
import { ACCOUNT, SERVICE, TOKEN, startTwilio } from './twilio.mjs';

const BINARY =
  process.env.DOORCODE_BIN ??
  fileURLToPath(new URL('../../target/debug/doorcode', import.meta.url));

/** The one number that the configuration names: it may open `/admin/`. */
export const ADMIN = '+12025550199';

/** Login pages and app on one host: the prefix shape. */
const TOGETHER = { issuer: 'localhost/.doorcode', shop: 'localhost', others: {} };

/** The same with TLS, by a certificate that signs itself: for people with `ignoreHTTPSErrors`. */
export const SECURE = { ...TOGETHER, scheme: 'https' };

/** Login pages on a host of their own. Chromium finds every `*.localhost` on this machine. */
export const APART = {
  issuer: 'auth.localhost',
  shop: 'shop.localhost',
  others: { Wiki: 'wiki.localhost' },
};

/** `auth.localhost/path` with the port where Doorcode is. */
const at = (place, port, { scheme = 'http' }) =>
  `${scheme}://${place.replace(/^[^/]+/, (host) => `${host}:${port}`)}`;

/** Login pages and API alone, for applications that are behind no gate. */
export const ALONE = { issuer: '127.0.0.1' };

/** The same by a name, without and with TLS. */
export const ALONE_BY_NAME = { issuer: 'localhost' };
export const ALONE_SECURE = { issuer: 'localhost', scheme: 'https' };

const site = (name, url, app) => `
[[site]]
name = "${name}"
url = "${url}"
upstreams = ["${typeof app === 'number' ? `127.0.0.1:${app}` : app}"]
`;

function sites(hosts, parts, port, app) {
  const { shop, others = {}, tokens = false, framedBy = [] } = hosts;
  if (!shop) return '';
  const further = ([name, place]) => site(name, at(place, port, hosts), app);
  return `${site('Shop', at(shop, port, hosts), app)}personal_access_tokens = ${tokens}
${framedBy.length ? `framed_by = ${JSON.stringify(framedBy)}` : ''}
${parts.site ?? ''}
[[site.rule]]
path = "/public/*"
allow = ["public"]

[[site.rule]]
path = "/admin/*"
allow = ["role:admin"]
${Object.entries(others).map(further).join('')}`;
}

function configuration({ hosts, parts, port, admin, twilio, app }) {
  const { brand = '', login = '', limits = '', sms = '', clients = '', asks = false } = parts;
  return `
[server]
listen = ["127.0.0.1:${port}"]
public_url = "${at(hosts.issuer, port, hosts)}"
${hosts.scheme ? 'tls = [{ certificate = "certificate.pem", key = "key.pem" }]' : ''}

[admin]
listen = "127.0.0.1:${admin}"

[store]
database = "sqlite:doorcode.db"

[brand]
name = "Acme"
${brand}

[login]
countries = ["US", "GB"]
${login}

# Every person of these tests comes from one address within the same minute.
[limits]
starts_per_address_10m = 1000
starts_per_address_1h = 1000
starts_per_network_1h = 1000
texts_per_number_block_10m = 1000
texts_per_country_1h = 1000
${asks ? '' : 'challenge_after_texts = 1000'}
${limits}

[sms]
providers = ["twilio"]
${sms}

[sms.twilio]
account_sid = "${ACCOUNT}"
auth_token = "env:TWILIO_AUTH_TOKEN"
messaging_service_sid = "${SERVICE}"
base_url = "http://127.0.0.1:${twilio}"

[[user]]
phone = "${ADMIN}"
roles = ["admin"]

${sites(hosts, parts, port, app)}
${typeof clients === 'function' ? clients({ port, app }) : clients}`;
}

function certificateFor({ issuer, shop = issuer, others = {} }) {
  const places = [issuer, shop, ...Object.values(others)];
  return makeCertificate(places.map((place) => place.split('/')[0]));
}

/** What `brand` may name as its logos. */
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 88 36"><rect width="88" height="36" rx="9" fill="#e4572e"/></svg>';

/**
 * `parts`: whether it `asks` for a proof before third texts; further lines of parts of its settings, `brand`, `login`, `limits`, `sms` and `site`, the
 * first one; whole tables as `clients`, or what makes them of the `port` of Doorcode and that of the
 * `app`; `secrets`, what the environment holds for settings that say `env:`; the `pair` of certificate
 * and key to use; and as `upstream` the port or the address of a real app in place of the fake one.
 */
export async function startDoorcode(hosts = TOGETHER, parts = {}) {
  if (!existsSync(BINARY)) throw new Error(`No program at ${BINARY}: run \`cargo build\` first`);
  const elsewhere = await startElsewhere();
  const app = await startApp({ leaveTo: elsewhere.url });
  const twilio = await startTwilio();
  const port = await freePort();
  const admin = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'doorcode-browser-'));
  const config = join(folder, 'doorcode.toml');
  const ports = { port, admin, twilio: twilio.port, app: parts.upstream ?? app.port };
  await writeFile(config, configuration({ hosts, parts, ...ports }));
  for (const name of ['logo.svg', 'logo-dark.svg']) await writeFile(join(folder, name), LOGO);
  const pair = hosts.scheme ? (parts.pair ?? (await certificateFor(hosts))) : {};
  if (hosts.scheme) {
    await writeFile(join(folder, 'certificate.pem'), pair.certificate);
    await writeFile(join(folder, 'key.pem'), pair.key);
  }

  const program = run(config, folder, parts.secrets);
  const stop = async () => {
    await program.stop();
    await Promise.all([app.stop(), twilio.stop(), elsewhere.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ready = () => program.ended() || answersReady(admin);
    await until(ready, () => `/readyz\n${program.log()}`);
    if (program.ended()) throw new Error(`doorcode ended before it was ready:\n${program.log()}`);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    origin: at(hosts.shop ?? hosts.issuer, port, hosts),
    issuer: at(hosts.issuer, port, hosts),
    /** Where another site is. */
    other: (name) => at(hosts.others[name], port, hosts),
    certificate: pair.certificate,
    app,
    twilio,
    elsewhere,
    log: program.log,
    /** What another command says of the same file. */
    async says(command) {
      const env = environment(parts.secrets);
      return (await promisify(execFile)(BINARY, [command, config], { cwd: folder, env })).stdout;
    },
    async stop() {
      await stop();
      const faults = twilio.faults.join('\n');
      if (faults) throw new Error(`Twilio would have refused:\n${faults}`);
    },
  };
}

// Nothing else of this machine's environment: a proxy setting would catch the calls to Twilio.
const environment = (secrets = {}) => ({
  PATH: process.env.PATH,
  TWILIO_AUTH_TOKEN: TOKEN,
  RUST_BACKTRACE: '1',
  ...secrets,
});

function run(config, folder, secrets) {
  const child = spawn(BINARY, ['serve', '--config', config], {
    cwd: folder,
    env: environment(secrets),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => lines.push(text));
  }
  const exit = once(child, 'exit');
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  return {
    ended,
    /** The last of what it said, for failure messages. */
    log: () => lines.join('').split('\n').slice(-40).join('\n'),
    async stop() {
      process.off('exit', killNow);
      if (ended()) return;
      child.kill('SIGTERM');
      await Promise.race([exit, pause(5000, null, { ref: false })]);
      if (!ended()) killNow();
      await exit;
    },
  };
}

async function answersReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  } catch {
    return false;
  }
}
