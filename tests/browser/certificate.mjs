// Certificates that sign themselves, for the names of the tests' own servers.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** For clients that take no certificate of an authority for that of a server, such as rustls. */
export const NO_AUTHORITY = ['-addext', 'basicConstraints=critical,CA:FALSE'];

/** Certificate and key in PEM, good for two days. */
export async function makeCertificate(names, further = []) {
  const folder = await mkdtemp(join(tmpdir(), 'doorcode-certificate-'));
  const kind = ['-x509', '-days', '2', '-subj', '/CN=Acme', '-nodes', '-newkey', 'ec'];
  const alternatives = [...new Set(names)].map((name) => `DNS:${name}`);
  const more = ['-pkeyopt', 'ec_paramgen_curve:P-256', '-addext', `subjectAltName=${alternatives}`];
  const files = ['-out', 'certificate.pem', '-keyout', 'key.pem'];
  try {
    await promisify(execFile)('openssl', ['req', ...kind, ...more, ...further, ...files], { cwd: folder });
    const read = (name) => readFile(join(folder, name), 'utf8');
    return { certificate: await read('certificate.pem'), key: await read('key.pem') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
