// A registry of container images, as Debian has it, and skopeo, which pushes and pulls as Docker does:
// by Basic, with a personal access token. skopeo speaks HTTP/1.1, so a small client pushes over HTTP/2
// as well. `tests/long` installs both.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from '../doorcode.mjs';
import { openBrowser } from '../person.mjs';
import { freePort } from '../servers.mjs';
import { answers, ask, folderFor, run, startServer, stopAll } from './programs.mjs';
import { basic, makeToken, startTap } from './tokens.mjs';

/** Length of the one layer of an image, bytes. */
const LARGE = 40 << 20;

const settings = (port) => `
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: ${join(folder, 'registry')} } }
http: { addr: '127.0.0.1:${port}' }
`;

let app;
let browser;
let doorcode;
let folder;
let tap;
before(async () => {
  folder = await folderFor('registry');
  const port = await freePort();
  await writeFile(join(folder, 'registry.yml'), settings(port));
  const probe = () => answers(`http://127.0.0.1:${port}/v2/`);
  const server = ['serve', join(folder, 'registry.yml')];
  app = await startServer('/usr/bin/docker-registry', server, { folder, probe });
  tap = await startTap(port);
  doorcode = await startDoorcode({ ...SECURE, tokens: true }, { upstream: tap.port });
  await mkdir(join(folder, 'certificates'));
  await writeFile(join(folder, 'certificates/ca.crt'), doorcode.certificate);
  browser = await openBrowser();
});
after(() => stopAll([app, tap, doorcode, browser && { stop: () => browser.close() }], folder));

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An image of one layer that cannot be compressed: its blobs and its manifest. */
function makeImage() {
  const layer = randomBytes(LARGE);
  const settings = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } };
  const config = Buffer.from(JSON.stringify(settings));
  const named = (kind, bytes) => ({
    mediaType: `application/vnd.oci.image.${kind}`,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: named('config.v1+json', config),
      layers: [named('layer.v1.tar', layer)],
    }),
  );
  return { layer, config, manifest, named };
}
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const blobAt = (place, digest) => join(place, 'blobs/sha256', digest.replace('sha256:', ''));

/** An image in a folder, as the OCI lays it out. */
async function writeImage(place, { layer, config, manifest, named }) {
  await mkdir(join(place, 'blobs/sha256'), { recursive: true });
  for (const bytes of [layer, config, manifest]) await writeFile(blobAt(place, digestOf(bytes)), bytes);
  const annotations = { 'org.opencontainers.image.ref.name': '1.0' };
  const manifests = [{ ...named('manifest.v1+json', manifest), annotations }];
  await writeFile(join(place, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(place, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

/** Copies from one place to another, with the credentials that `docker login` would have kept. */
async function copy(from, to, token = null) {
  const { host } = new URL(doorcode.origin);
  const auth = token && basic(token).replace('Basic ', '');
  await writeFile(join(folder, 'auth.json'), JSON.stringify({ auths: token ? { [host]: { auth } } : {} }));
  const at = (place) => (place.startsWith('oci:') ? place : `docker://${host}/${place}`);
  const certificates = join(folder, 'certificates');
  const options = ['--insecure-policy', 'copy', '--preserve-digests', '--authfile', join(folder, 'auth.json')];
  const authorities = ['--src-cert-dir', certificates, '--dest-cert-dir', certificates];
  return run('/usr/bin/skopeo', [...options, ...authorities, at(from), at(to)], { folder });
}

async function isPulled(name, image, token) {
  const place = join(folder, `pulled-${name.replace('/', '-')}`);
  await copy(`${name}:1.0`, `oci:${place}:1.0`, token);
  const pulled = await readFile(blobAt(place, digestOf(image.layer)));
  assert.ok(pulled.equals(image.layer), 'the layer is whole');
}

test('docker-registry: 40 MB are pushed and pulled by skopeo, with a personal access token', async () => {
  const token = await makeToken(browser, doorcode, '+12025550481');
  const image = makeImage();
  await writeImage(join(folder, 'image'), image);
  const from = `oci:${join(folder, 'image')}:1.0`;
  await assert.rejects(copy(from, 'acme/tools:1.0'), /unauthorized|authentication required|401/i);
  await assert.rejects(copy(from, 'acme/tools:1.0', `dcp_${'a'.repeat(56)}`), /unauthorized|401/i);
  assert.doesNotMatch(tap.asked(), /^(POST|PUT|PATCH) /m, 'nothing of that reaches the registry');
  await copy(from, 'acme/tools:1.0', token);
  assert.ok(tap.asked().length > LARGE, 'the layer has come through the gate');
  await isPulled('acme/tools', image, token);
  tap.keepsSecret(token);
});

test('docker-registry over HTTP/2: 40 MB are pushed in two parts', async () => {
  const token = await makeToken(browser, doorcode, '+12025550482');
  const headers = { authorization: basic(token) };
  const asks = async (method, path, status, more = {}, body = null) => {
    const answer = await ask(doorcode, method, path, { headers: { ...headers, ...more }, body });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}\n${app.log()}`);
    return answer.headers;
  };
  const nobody = await ask(doorcode, 'GET', '/v2/');
  assert.equal(nobody.status, 401);
  assert.match(nobody.headers['www-authenticate'], /^Basic realm="/);
  assert.equal((await asks('GET', '/v2/', 200))['docker-distribution-api-version'], 'registry/2.0');

  const image = makeImage();
  /** Where the registry says that the upload goes on: at the gate, not at itself. */
  const further = ({ location }) => {
    const url = new URL(location, doorcode.origin);
    assert.equal(url.origin, doorcode.origin);
    return `${url.pathname}${url.search}`;
  };
  for (const blob of [image.layer, image.config]) {
    let place = further(await asks('POST', '/v2/acme/parts/blobs/uploads/', 202));
    const half = Math.ceil(blob.length / 2);
    const type = { 'content-type': 'application/octet-stream' };
    for (const [start, part] of [[0, blob.subarray(0, half)], [half, blob.subarray(half)]]) {
      const range = { 'content-range': `${start}-${start + part.length - 1}` };
      place = further(await asks('PATCH', place, 202, { ...type, ...range }, part));
    }
    const end = `${place}${place.includes('?') ? '&' : '?'}digest=${digestOf(blob)}`;
    const made = await asks('PUT', end, 201);
    assert.equal(made['docker-content-digest'], digestOf(blob));
  }
  await asks('PUT', '/v2/acme/parts/manifests/1.0', 201, { 'content-type': MANIFEST }, image.manifest);
  const blob = await asks('HEAD', `/v2/acme/parts/blobs/${digestOf(image.layer)}`, 200);
  assert.equal(blob['content-length'], String(LARGE));
  await isPulled('acme/parts', image, token);
  tap.keepsSecret(token);
});
