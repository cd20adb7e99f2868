// Every state of every page, as the Rust tests leave them in target/tmp/pages: what a login can
// be led into, and what it cannot. `npm run pictures` keeps one of each in out/gallery/; open its
// index.html.
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  LARGE,
  SPACING,
  borderless,
  brightness,
  cut,
  focused,
  moving,
  openDetails,
  outOfFooter,
  overlay,
  parts,
  readBackwards,
  shifts,
  smallTargets,
} from './fits.mjs';
import { FONTS } from './fonts.mjs';
import { openBrowser } from './person.mjs';
import { serve } from './servers.mjs';
import { SCREENS, axeFinds } from './sound.mjs';

const PAGES = fileURLToPath(new URL('../../target/tmp/pages/', import.meta.url));
const OUT = fileURLToPath(new URL('out/gallery/', import.meta.url));
const SOURCES = ['../../static', '../../src/pages/views'];
const MAKE = 'make the gallery by `cargo test --test it pages`';
const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', html: 'text/html' };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** A vendor's script, and the policy of the one page that loads it: see src/captcha/vendors.rs. */
const CAPTCHA = 'https://challenges.cloudflare.com';
const POLICY_WITH_CAPTCHA = POLICY.replace("script-src 'self'", `script-src 'self' ${CAPTCHA}`);
/** As wide and high as the widest of the three is, reCAPTCHA. */
const WIDGET = `const widget = document.querySelector('.cf-turnstile');
const box = document.createElement('div');
const size = widget.dataset.size === 'compact' ? { width: 164, height: 144 } : { width: 304, height: 78 };
for (const side in size) box.style[side] = size[side] + 'px';
box.style.outline = '1px solid';
widget.append(box);`;
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 640 };
/** A pseudo-language whose words are longer than those of any other. */
const LONG = 'en-XA';
/** As many at once as keep two cores busy, although each waits for the browser now and then. */
const TABS = 3;
/** Two minutes on two idle cores; far more beside other work. */
const PATIENT = { timeout: 1_800_000 };
const KEEPS_PICTURES = Boolean(process.env.PICTURES);
/** The page, its sheet, its script, and an icon, which is the logo where there is one. A challenge has a script more. */
const MOST = 4;

let browser;
let gallery;
before(async () => {
  gallery = await serve(async ({ url }, _, response) => {
    const path = decodeURIComponent(new URL(url, 'http://gallery').pathname.slice(1));
    const body = await readFile(PAGES + path).catch(() => null);
    const type = `${TYPES[path.split('.').at(-1)]}; charset=utf-8`;
    const policy = path.includes('-captcha-') ? POLICY_WITH_CAPTCHA : POLICY;
    const headers = { 'content-type': type, 'content-security-policy': policy };
    response.writeHead(body ? 200 : 404, headers).end(body);
  });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await gallery?.stop();
});

test('the gallery is new and lacks nothing', async () => {
  const listed = await states();
  const files = new Set(await readdir(PAGES));
  const absent = listed.filter(({ name }) => !files.has(`${name}.html`));
  assert.deepEqual(absent, [], `listed but not there: ${MAKE}`);
  for (const tag of ['en', 'ar', LONG]) {
    const there = listed.some(({ name }) => name.endsWith(`-${tag}`));
    assert.ok(there, `no state in ${tag}: ${MAKE}`);
  }
  const made = (await stat(`${PAGES}states.json`)).mtimeMs;
  const changed = [];
  for (const folder of SOURCES) {
    const root = fileURLToPath(new URL(`${folder}/`, import.meta.url));
    for (const name of await readdir(root, { recursive: true })) {
      const found = await stat(root + name);
      if (found.isFile() && found.mtimeMs > made) changed.push(name);
    }
  }
  assert.deepEqual(changed, [], `changed since the gallery was made: ${MAKE}`);
});

test('every state of every page is fit for everybody', PATIENT, async () => {
  if (KEEPS_PICTURES) {
    await rm(OUT, { recursive: true, force: true });
    await mkdir(OUT, { recursive: true });
  }
  const looked = (await states()).filter(({ name }) => /-(en|ar)$/.test(name));
  assert.ok(looked.length >= 100, `only ${looked.length} states: ${MAKE}`);
  const wrong = await inTabs(looked, lookAt);
  if (KEEPS_PICTURES) await writeFile(`${OUT}index.html`, index(looked));
  assert.equal(wrong.join('\n'), '');
});

test('words that are half as long again fit too', async () => {
  const looked = (await states()).filter(({ name }) => name.endsWith(`-${LONG}`));
  const wrong = await inTabs(looked, async (tab, state) => {
    await tab.open(state);
    await tab.page.evaluate(openDetails);
    await tab.asks('at 320 px', cut);
  });
  assert.equal(wrong.join('\n'), '');
});

test('every language fits a small screen', async () => {
  const looked = (await states()).filter(({ name }) => name.startsWith('sample-'));
  assert.equal(looked.length, 2 * 24, MAKE);
  const wrong = await inTabs(looked, async (tab, state) => {
    await tab.open(state);
    await tab.page.evaluate(openDetails);
    await tab.asks('at 320 px', cut);
    await tab.asks('at 320 px', readBackwards);
    await tab.asks('at 320 px', outOfFooter);
    if (KEEPS_PICTURES) await tab.picture(`${OUT}${state.name}.jpg`);
  });
  assert.equal(wrong.join('\n'), '');
});

for (const font of Object.keys(FONTS)) {
  test(`nothing is cut in ${font}`, PATIENT, async () => {
    const wearing = await openBrowser({ font });
    const wrong = await inTabs(oneOfEachLook(await states()), nothingIsCutInFont, wearing);
    await wearing.close();
    assert.equal(wrong.join('\n'), '');
  });
}

async function nothingIsCutInFont(tab, state) {
  await tab.open(state);
  await tab.page.evaluate(openDetails);
  await tab.asks('at 320 px', cut);
  await nothingIsCut(tab);
}

/** Each template in languages of both directions and in the longest words, with and without notes. */
function oneOfEachLook(list) {
  const looks = new Map();
  for (const state of list) {
    const tag = /-(en|ar|en-XA)$/.exec(state.name)?.[1];
    const notes = /both|resent|wrong|brand/.test(state.name);
    const look = `${state.template} ${tag} ${notes}`;
    if (tag && !looks.has(look)) looks.set(look, state);
  }
  return [...looks.values()];
}

async function states() {
  const list = await readFile(`${PAGES}states.json`, 'utf8').catch(() => null);
  if (!list) throw new Error(`There are no pages in ${PAGES}: ${MAKE}`);
  return JSON.parse(list);
}

/** Looks at all states, several at a time, and gives what is wrong with them. */
async function inTabs(list, look, on = browser) {
  const queue = [...list];
  const wrong = [];
  const work = async () => {
    const tab = await Tab.open(wrong, on);
    for (let state; (state = queue.shift()); ) await look(tab, state);
    await tab.page.context().close();
  };
  await Promise.all(Array.from({ length: TABS }, work));
  return wrong;
}

class Tab {
  static async open(wrong, on) {
    const context = await on.newContext({ reducedMotion: 'reduce', viewport: NARROW });
    context.setDefaultTimeout(180_000);
    const tab = new Tab();
    Object.assign(tab, { wrong, page: await context.newPage(), name: '' });
    tab.screen = await context.newCDPSession(tab.page);
    // The page that leads on after a login would leave: "no content" keeps a browser where it is.
    await context.route(/^https:/, (route) => route.fulfill({ status: 204 }));
    // The script of a challenge solves it, and would leave while the page is looked at.
    await context.addInitScript(() => {
      HTMLFormElement.prototype.requestSubmit = () => {};
    });
    const widget = { contentType: 'text/javascript', body: WIDGET };
    await context.route(`${CAPTCHA}/**`, (route) => route.fulfill(widget));
    // A script that comes late must not move what somebody is reading already.
    await context.route(/auth\.js/, async (route) => {
      const seen = () => performance.getEntriesByName('first-contentful-paint').length > 0;
      const late = () => tab.complain('nothing is to be seen before the script is there');
      if (!tab.leaves) await tab.page.waitForFunction(seen).catch(late);
      await route.continue();
    });
    tab.page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) tab.complain(message.text());
    });
    tab.page.on('pageerror', (error) => tab.complain(`script error: ${error}`));
    return tab;
  }

  complain(...what) {
    this.wrong.push(...what.map((text) => `${this.name}: ${text}`));
  }

  async open({ name, template }) {
    this.name = name;
    // Goes on before anybody sees it.
    this.leaves = template === 'done';
    // A page that leads on before it has loaded never does, for whoever waits for that.
    const waitUntil = this.leaves ? 'commit' : 'load';
    await this.page.goto(`http://127.0.0.1:${gallery.port}/${name}.html`, { waitUntil });
    const whole = () => document.styleSheets.length && document.querySelector('.card h1');
    await this.page.waitForFunction(whole, null, { polling: 20 });
    const asked = await this.page.evaluate(parts);
    const most = template === 'challenge' ? MOST + 1 : MOST;
    if (asked.length > most) this.complain(`asks for\n${asked.join('\n')}`);
    const own = await this.page.locator('link[rel=stylesheet], style').count();
    if (own !== 1) this.complain(`${own} style sheets`);
  }

  async asks(when, question) {
    this.complain(...(await this.page.evaluate(question)).map((text) => `${when}, ${text}`));
  }

  async picture(path) {
    const { cssContentSize: size } = await this.screen.send('Page.getLayoutMetrics');
    const { data } = await this.screen.send('Page.captureScreenshot', {
      format: 'jpeg',
      quality: 75,
      captureBeyondViewport: true,
      clip: { ...size, scale: 1 },
    });
    await writeFile(path, Buffer.from(data, 'base64'));
  }
}

async function lookAt(tab, state) {
  const { name, template } = state;
  await tab.open(state);
  // The script of a challenge puts what it does in the place of the wait, at once.
  if (template !== 'challenge') await tab.asks('by itself', shifts);
  await keyboardReachesAll(tab);
  await tab.page.evaluate(openDetails);
  for (const { scheme, width, height, axe } of SCREENS) {
    await tab.page.setViewportSize({ width, height });
    await tab.page.emulateMedia({ colorScheme: scheme });
    const when = `${scheme}-${width}`;
    if (axe) tab.complain(...(await axeFinds(tab.page)).map((found) => `${when}: ${found}`));
    await tab.asks(when, cut);
    const bright = await tab.page.evaluate(brightness);
    if (bright > 128 !== (scheme === 'light')) tab.complain(`${when}: brightness ${bright}`);
    if (KEEPS_PICTURES) await tab.picture(`${OUT}${name}-${when}.jpg`);
  }
  await tab.asks('as it is', smallTargets);
  await tab.asks('as it is', readBackwards);
  await tab.asks('as it is', moving);
  await nothingIsCut(tab);
  await tab.page.emulateMedia({ forcedColors: 'active' });
  await tab.asks('in forced colours', borderless);
  await tab.page.emulateMedia({ forcedColors: 'none' });
}

/** By Tab to the end of the page, by way of its button. */
async function keyboardReachesAll(tab) {
  const { page } = tab;
  let reached = false;
  for (let stops = 1; ; stops += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(focused);
    if (!stop) return tab.complain(`the focus is lost after ${stops} stops`);
    if (!stop.visible) tab.complain(`the focus is not seen on ${stop.what}`);
    if (stop.button && stops > 7) tab.complain(`${stops - 1} stops before the button`);
    reached ||= stop.button;
    if (stop.last) break;
    if (stops > 40) return tab.complain(`the focus never gets to the end: ${stop.what}`);
  }
  if (!reached && (await page.locator('main form button:enabled:visible, main .button').count())) {
    tab.complain('no way to the button by Tab');
  }
  for (const summary of await page.locator('summary').all()) {
    const open = () => summary.evaluate(({ parentElement }) => parentElement.open);
    const before = await open();
    await summary.press('Enter');
    if ((await open()) === before) tab.complain('Enter does not open and close the details');
  }
}

async function nothingIsCut(tab) {
  for (const [what, css, screen] of [
    ['with text of 200 %', LARGE, WIDE],
    ['with text of 200 % and a zoom of 200 %', LARGE, { width: 640, height: 400 }],
    ['with wide spacing', SPACING, WIDE],
    ['with wide spacing on a small screen', SPACING, NARROW],
  ]) {
    await tab.page.setViewportSize(screen);
    await tab.page.evaluate(overlay, css);
    await tab.asks(what, cut);
    await tab.page.evaluate(overlay, '');
  }
}

/** A page for a reviewer: every picture, one row a state. */
function index(looked) {
  const kinds = SCREENS.map(({ scheme, width }) => `${scheme}-${width}`);
  const picture = (name) => (kind) =>
    `<td><a href="${name}-${kind}.jpg"><img src="${name}-${kind}.jpg" alt="${kind}" loading="lazy"></a>`;
  const rows = looked.map(
    ({ name, template }) =>
      `<tr><th scope="row">${name}<br>${template}.liquid${kinds.map(picture(name)).join('')}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Every state of every page</title>
<style>img { height: 300px; max-width: 480px; object-fit: contain } th { text-align: start }</style>
<h1>Every state of every page</h1>
<table><tr><th>State<th>${kinds.join('<th>')}${rows.join('\n')}</table>\n`;
}
