// Pages of apps with <sms-login> on them, before a Doorcode whose client they are.
import { startDoorcode } from './doorcode.mjs';
import { Person, openBrowser } from './person.mjs';

/** Issuer and shop are of one site (`acme.localhost`), so is the page that no site of ours is before. */
const HOSTS = {
  issuer: 'auth.acme.localhost',
  shop: 'shop.acme.localhost',
  others: { Wiki: 'wiki.other.localhost' },
};
/** For the last site of those above. */
const RULE = `
[[site.rule]]
path = "/public/*"
allow = ["public"]
`;
/** The clients whose pages these are. */
const clients = ({ port, app }) => `
[[client]]
id = "spa"
name = "My SPA"
callbacks = ["http://spa.acme.localhost:${app}/callback"]
web_origins = [
  "http://spa.acme.localhost:${app}", "http://shop.acme.localhost:${port}",
  "http://wiki.other.localhost:${port}", "http://spa.other.localhost:${app}",
]
[[client]]
id = "other"
name = "Another"
callbacks = ["http://other.acme.localhost:${app}/callback"]
web_origins = ["http://other.acme.localhost:${app}", "http://spa.acme.localhost:${app}"]
`;
const PATH = '/public/widget';

/** The element of an app's page. */
export const element = (attributes = '') => `<sms-login client-id="spa" ${attributes}></sms-login>`;

/** An app's page. Its own ids, so that those of the elements must be others. */
const page = ({ body, script, lang, dir, policy }) => `<!doctype html>
<html lang="${lang}" dir="${dir}"><meta charset="utf-8"><title>The app</title>
${policy && `<meta http-equiv="Content-Security-Policy" content="${policy}">`}
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<main><h1 id="phone">The app</h1>${body}</main>
<script>
  self.told = [];
  self.details = {};
  for (const name of ['ready', 'number', 'code', 'unavailable', 'signed-in', 'sign-in', 'error']) {
    document.addEventListener(name, ({ detail }) => {
      told.push(name);
      details[name] = detail instanceof Error ? detail.message : detail;
    });
  }
</script>
${script}</html>`;

/** Doorcode, a browser, and what opens pages in it. */
export async function startWidget(hosts = HOSTS) {
  const rule = hosts === HOSTS ? RULE : '';
  const doorcode = await startDoorcode(hosts, { clients: (ports) => rule + clients(ports) });
  const browser = await openBrowser();
  const at = (host) => `http://${host}:${doorcode.app.port}${PATH}`;
  const tag = `<script src="${doorcode.issuer}/widget.js" async></script>`;
  /** The page from now on, wherever the app is. */
  const show = (content = {}) => {
    const usual = { body: element(), script: tag, lang: 'en', dir: 'ltr', policy: '' };
    doorcode.app.pages.set(PATH, page({ ...usual, ...content }));
  };
  return {
    doorcode,
    browser,
    tag,
    at,
    /** The same page behind a site. */
    behind: (name) => `${name ? doorcode.other(name) : doorcode.origin}${PATH}`,
    show,
    async open(url, content = {}, options = {}) {
      show(content);
      const person = await Person.at(browser, doorcode, options);
      await person.visit(url);
      return person;
    },
    async signIn(person, phone) {
      await person.askForCode(phone);
      await person.typeCode(await doorcode.twilio.code(phone));
    },
    async stop() {
      await browser.close();
      await doorcode.stop();
    },
  };
}

/** The events so far on a page. */
export const told = (page) => page.evaluate(() => self.told);

/** Waits for an event, and gives what came with it. */
export async function event(page, name) {
  await page.waitForFunction((name) => self.told?.includes(name), name);
  return page.evaluate((name) => self.details[name], name);
}
