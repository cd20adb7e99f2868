// RabbitMQ's management, as Debian has it. Its first virtual host is named `/`, which is `%2F` in the
// address of everything that is in it. `tests/long` installs it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import { answers, askAs, folderFor, listens, startServer, stopAll, watch } from './programs.mjs';

/** The program itself: the command of that name is for the user `rabbitmq` alone. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Of the login of its own that it has behind Doorcode's. */
const NAME = 'acme';
const PASSWORD = 'a-password-that-only-the-tests-know';
const BASIC = `Basic ${Buffer.from(`${NAME}:${PASSWORD}`).toString('base64')}`;

let browser;
let doorcode;
let folder;
const apps = [];
before(async () => {
  folder = await folderFor('rabbitmq');
  const port = await freePort();
  await startRabbit(port);
  doorcode = await startDoorcode(SECURE, { upstream: port });
  browser = await openBrowser();
});
after(() => stopAll([...apps, doorcode, browser && { stop: () => browser.close() }], folder));

async function startRabbit(port) {
  const names = await freePort();
  const nodes = await freePort();
  const settings = `
listeners.tcp.1 = 127.0.0.1:${await freePort()}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${port}
default_user = ${NAME}
default_pass = ${PASSWORD}
`;
  await writeFile(join(folder, 'rabbitmq.conf'), settings);
  await writeFile(join(folder, 'plugins'), '[rabbitmq_management].\n');
  const env = {
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(names),
    // Then the program is Erlang itself, which a signal ends, and no shell around it.
    RABBITMQ_ALLOW_INPUT: 'true',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_DIST_PORT: String(nodes),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_NODENAME: `doorcode${port}@localhost`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
  // Erlang's own list of nodes, which would else be started without an end.
  apps.push(await startServer('epmd', [], { folder, env, probe: () => listens(names) }));
  const probe = () => answers(`http://127.0.0.1:${port}/`);
  apps.push(await startServer(SERVER, ['-noinput'], { folder, env, probe }));
}

/** From what is protected to RabbitMQ's own pages. */
async function logIn(person, phone) {
  await person.signIn(phone);
  await person.sees('input[name=username]', "RabbitMQ's own login");
  await person.page.fill('input[name=username]', NAME);
  await person.page.fill('input[name=password]', PASSWORD);
  await person.page.locator('input[type=submit]').click();
  await person.sees('#tabs', 'the management');
}

test('RabbitMQ over HTTP/2: its pages make, show and delete a queue', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  const traffic = watch(person);
  await logIn(person, '+12025550441');
  await person.page.locator('#tabs a[href="#/queues"]').click();
  // Most parts of a page are folded up until somebody clicks on their head.
  await person.page.locator('h2:has-text("Add a new queue")').click();
  await person.page.fill('form[action="#/queues"] input[name=name]', 'jobs');
  await person.page.locator('input[type=submit][value="Add queue"]').click();
  await person.sees('a[href="#/queues/%2F/jobs"]', 'the queue in the list');
  await person.page.locator('a[href="#/queues/%2F/jobs"]').first().click();
  await person.sees('h1:has-text("Queue jobs")', 'the queue');
  person.page.once('dialog', (dialog) => dialog.accept());
  await person.page.locator('h2:has-text("Delete")').click();
  await person.page.locator('input[type=submit][value="Delete Queue"]').click();
  await person.seesText('... no queues ...');

  const calls = traffic.lines(({ path }) => path.startsWith('/api/queues/'));
  for (const call of ['PUT jobs 201', 'GET jobs 200', 'GET jobs/bindings 200', 'DELETE jobs 204']) {
    assert.ok(calls.includes(call.replace('jobs', '/api/queues/%2F/jobs')), `${call}: ${calls.join('\n')}`);
  }
  // The page may ask once more for what is deleted.
  const refused = ({ method, status }) => status >= 400 && !(method === 'GET' && status === 404);
  assert.deepEqual(traffic.lines(refused), []);
  assert.deepEqual(await traffic.otherwise(), []);
  await person.leave();
});

test('RabbitMQ over HTTP/2: a program makes, reads and deletes queues', async () => {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  await person.signIn('+12025550442');
  const headers = { authorization: BASIC, 'content-type': 'application/json' };
  for (const [path, name] of [
    ['/api/queues/%2F/jobs', 'jobs'],
    ['/api/queues/%2f/jobs%2Fnew', 'jobs/new'],
  ]) {
    const made = await askAs(person, 'PUT', path, { headers, body: '{"durable":true}' });
    assert.equal(made.status, 201, made.text);
    const read = await askAs(person, 'GET', path, { headers });
    assert.equal(read.status, 200, read.text);
    const queue = JSON.parse(read.text);
    assert.deepEqual({ name: queue.name, vhost: queue.vhost }, { name, vhost: '/' });
    const gone = await askAs(person, 'DELETE', path, { headers });
    assert.equal(gone.status, 204, gone.text);
    const missing = await askAs(person, 'GET', path, { headers });
    assert.equal(missing.status, 404, missing.text);
  }
  await person.leave();
});
