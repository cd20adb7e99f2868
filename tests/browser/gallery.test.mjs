// Every state of every page, as the Rust tests leave them in target/tmp/pages: what a login can
// be led into, and what it cannot. A picture of each is kept in out/gallery/, for eyes.
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './person.mjs';
import { serve } from './servers.mjs';
import { SCREENS, axeFinds } from './sound.mjs';

const PAGES = fileURLToPath(new URL('../../target/tmp/pages/', import.meta.url));
const OUT = fileURLToPath(new URL('out/gallery/', import.meta.url));
const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', html: 'text/html' };
const NARROW = { width: 320, height: 640 };
const WIDE = { width: 1280, height: 800 };
/** As many at once as keep two cores busy: a page of the browser each. */
const TABS = 2;

/** WCAG 1.4.12: what a reader may do to the text. */
const SPACING = `* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important } p { margin-block-end: 2em !important }`;
const LARGE = 'html { font-size: 200% !important }';

const names = await galleryNames();
let browser;
let gallery;
let free = [];
before(async () => {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  gallery = await serve(async ({ url }, _, response) => {
    const path = new URL(url, 'http://gallery').pathname;
    const body = await readFile(PAGES + path.slice(1)).catch(() => null);
    const type = TYPES[path.split('.').at(-1)];
    response.writeHead(body ? 200 : 404, { 'content-type': `${type}; charset=utf-8` }).end(body);
  });
  browser = await openBrowser();
  free = await Promise.all(Array.from({ length: TABS }, () => openTab()));
});
after(async () => {
  await browser?.close();
  await gallery?.stop();
});

test('every state of every page', { concurrency: TABS }, (t) =>
  Promise.all(
    names.map((name) =>
      t.test(name, async () => {
        const page = free.pop();
        try {
          await page.goto(`http://127.0.0.1:${gallery.port}/${name}.html`);
          await keyboardReachesTheButton(page);
          await page.evaluate(openDetails);
          await soundOnEveryScreen(page, name);
          await targetsAreLarge(page);
          assert.deepEqual(await page.evaluate(readBackwards), [], 'digits read left to right');
          await nothingIsCut(page);
          await keepsStill(page);
          await hasBordersInForcedColors(page);
        } finally {
          free.push(page);
        }
      }),
    ),
  ),
);

async function galleryNames() {
  const files = await readdir(PAGES).catch(() => []);
  const pages = files.filter((file) => file.endsWith('.html')).map((file) => file.slice(0, -5));
  if (!pages.length) throw new Error(`No pages in ${PAGES}: run \`cargo test --test it pages\``);
  return pages;
}

async function openTab() {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  // The page that leads on after a login would leave: "no content" keeps a browser where it is.
  await context.route(/^https:/, (route) => route.fulfill({ status: 204 }));
  return context.newPage();
}

async function soundOnEveryScreen(page, name) {
  for (const { scheme, width, height } of SCREENS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    const picture = `${name}-${scheme}-${width}`;
    await page.screenshot({ path: `${OUT}${picture}.png`, fullPage: true });
    assert.deepEqual(await axeFinds(page), [], `axe-core on ${picture}`);
    assert.deepEqual(await page.evaluate(cut), [], picture);
  }
}

/** A page may have no button; what else can be reached must be seen, and be left again. */
async function keyboardReachesTheButton(page) {
  const button = 'main form button, main .button';
  const wanted = await page.locator(button).count();
  let reached = null;
  for (let stops = 0; ; stops += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate((first) => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return {
        what: at.outerHTML.slice(0, 120),
        visible: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2,
        button: at === document.querySelector(first),
        last: at === [...document.querySelectorAll('a, button')].at(-1),
      };
    }, button);
    assert.ok(stop, `the focus is lost after ${stops} stops`);
    assert.ok(stop.visible, `the focus is not seen on ${stop.what}`);
    if (stop.button) reached ??= stops;
    if (stop.last) break;
    assert.ok(stops < 40, `the focus never gets to the end of the page, but stays: ${stop.what}`);
  }
  if (wanted) assert.ok(reached !== null && reached <= 6, `${reached} stops before the button`);
  const summary = page.locator('summary');
  if (await summary.count()) {
    const open = () => page.locator('details').evaluate((details) => details.open);
    const before = await open();
    await summary.press('Enter');
    assert.notEqual(await open(), before, 'Enter on the summary opens and closes it');
  }
}

async function targetsAreLarge(page) {
  const small = await page.evaluate(() => {
    const found = [];
    for (const target of document.querySelectorAll('a, button, input, select, summary')) {
      if (target.type === 'hidden') continue;
      const { width, height } = target.getBoundingClientRect();
      const primary = target.matches('main button:not(.second), main .button');
      const least = primary ? 44 : 24;
      if (Math.min(width, height) < least) {
        found.push(`${width} × ${height}: ${target.outerHTML.slice(0, 120)}`);
      }
    }
    return found;
  });
  assert.deepEqual(small, [], 'every target is at least 24 px, and the button 44 px');
}

async function nothingIsCut(page) {
  for (const [what, css, screen] of [
    ['text of 200 %', LARGE, WIDE],
    ['a zoom of 200 % and text of 200 %', LARGE, { width: 640, height: 400 }],
    ['wide spacing', SPACING, WIDE],
    ['wide spacing on a small screen', SPACING, NARROW],
  ]) {
    await page.setViewportSize(screen);
    const sheet = await page.addStyleTag({ content: css });
    const found = await page.evaluate(cut);
    await sheet.evaluate((style) => style.remove());
    assert.deepEqual(found, [], what);
  }
}

async function keepsStill(page) {
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((element) => {
        const { transitionDuration, animationName } = getComputedStyle(element);
        return transitionDuration !== '0s' || animationName !== 'none';
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(moving, [], 'nothing moves for who asked for that');
}

async function hasBordersInForcedColors(page) {
  await page.emulateMedia({ forcedColors: 'active' });
  const bare = await page.evaluate(() =>
    [...document.querySelectorAll('.card, .note, input, select, button, .button')]
      .filter((element) => element.type !== 'hidden')
      .filter((element) => {
        const style = getComputedStyle(element);
        const seen = !/, 0\)$|^transparent$/.test(style.borderTopColor);
        return style.borderTopStyle === 'none' || style.borderTopWidth === '0px' || !seen;
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  await page.emulateMedia({ forcedColors: 'none' });
  assert.deepEqual(bare, [], 'without its own colours, a page shows where things end');
}

// From here on, functions that run in the page.

function openDetails() {
  for (const details of document.querySelectorAll('details')) details.open = true;
}

/** Texts that reach over the edge of the screen or of what holds them. */
function cut() {
  const found = [];
  const wider = document.scrollingElement.scrollWidth - innerWidth;
  if (wider > 0) found.push(`the page is ${wider} px wider than the screen`);
  const inside = document.querySelector('.card').getBoundingClientRect();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (!text.data.trim() || text.parentElement.closest('.unseen, option, svg, footer')) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = text.parentElement.closest('button, .button, .note')?.getBoundingClientRect();
    const { left, right, top, bottom } = box ?? inside;
    for (const part of range.getClientRects()) {
      const over = part.left < left - 1 || part.right > right + 1;
      if (over || part.top < top - 1 || part.bottom > bottom + 1) found.push(text.data);
    }
  }
  for (const field of document.querySelectorAll('input:not([type=hidden])')) {
    const typed = field.value;
    field.value = field.classList.contains('long') ? '1234567890' : '123456';
    if (field.scrollWidth > field.clientWidth) {
      found.push(`${field.value} needs ${field.scrollWidth} px and has ${field.clientWidth}`);
    }
    field.value = typed;
  }
  return found;
}

/** Numbers of which a digit stands left of the one before it. */
function readBackwards() {
  const found = [];
  const probe = document.createElement('p');
  document.querySelector('.card').append(probe);
  const check = (text) => {
    for (const { 0: number, index } of text.data.matchAll(/[+\d][\d •:+-]*\d/g)) {
      const range = document.createRange();
      let before = null;
      for (let at = index; at < index + number.length; at += 1) {
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        const here = range.getBoundingClientRect();
        const sameLine = before && Math.abs(here.top - before.top) < here.height / 2;
        if (sameLine && here.left < before.left) {
          found.push(text.data);
          break;
        }
        before = here;
      }
    }
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (!text.parentElement.closest('option, .unseen, svg')) check(text);
  }
  // The names in a closed list are nowhere on the page: each is laid out beside it.
  for (const { text, dir } of document.querySelectorAll('option')) {
    probe.textContent = text;
    probe.dir = dir;
    if (probe.firstChild) check(probe.firstChild);
  }
  probe.remove();
  for (const field of document.querySelectorAll('input:not([type=hidden])')) {
    if (getComputedStyle(field).direction !== 'ltr') found.push(`field ${field.name}`);
  }
  return found;
}
