// Somebody at a browser. Every step waits for what it should bring, and a step that fails says
// what the person sees. Every page they visit is watched for breaches of its own CSP.
import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { onlyFonts } from './fonts.mjs';
import { until } from './servers.mjs';

/** The names that pages have here. */
const HERE = ['localhost', '*.localhost', '127.0.0.1'];

/** How long a page or a browser may take. What fails beside other work is seen soon enough. */
const PATIENCE = 180_000;

/** The program that people have. */
const WHOLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
/**
 * The same engine of the same version without windows, menus and profiles, which nobody sees here and
 * which take most of the processor's time: a new context costs a quarter, a page half.
 */
const ENGINE = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';

const LAUNCH = {
  executablePath: ENGINE,
  timeout: PATIENCE,
  args: [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--no-first-run',
    '--no-proxy-server',
    // Nothing leaves this machine, whatever a page asks for.
    `--host-resolver-rules=MAP * ~NOTFOUND, ${HERE.map((host) => `EXCLUDE ${host}`)}`,
    // Chromium's sandbox refuses to start as root, and containers mostly run as root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ],
};

/** Pages look alike on every machine: one font, whatever else is installed. */
const FONT = 'DejaVu Sans';

export async function openBrowser({ font = FONT, ...options } = {}) {
  const { env, remove } = await onlyFonts(font);
  const browser = await chromium.launch({ ...LAUNCH, env, ...options });
  browser.once('disconnected', remove);
  return browser;
}

/**
 * For what the engine alone does not have. Contexts are private windows there, in which it blocks cookies
 * of other sites than that of the address bar, except partitioned ones.
 */
export const openWholeBrowser = () => openBrowser({ executablePath: WHOLE });

/** Of somebody whose system is dark: what a page emulates comes too late for what it loads. */
export const openDarkBrowser = () =>
  openBrowser({ args: [...LAUNCH.args, '--blink-settings=preferredColorScheme=0'] });

/** Where each page can be told from the others, whatever its language. */
export const NUMBER_FIELD = 'input[name=phone]';
export const CODE_FIELD = 'input[name=code]';
export const ERROR = '[role=alert]';

const ON_THIS_MACHINE = /^(127\.0\.0\.1|([a-z]+\.)*localhost)$/;

/**
 * Waits for a page to get to where `there` says yes. Not by `waitForURL`, which gives up when one
 * way there is cut off by another, as by a second click.
 */
export async function landed(page, there) {
  const known = typeof there === 'string' ? (url) => url === there : there;
  await until(() => known(page.url()), () => `${there}; the page is at ${page.url()}`);
  await page.waitForLoadState();
}

export class Person {
  #violations = [];
  #broken = [];
  #away = new Set();
  #profile = null;
  /** The addresses of all pages asked for, redirects included, as `GET https://…`. */
  journey = [];

  static async at(browser, doorcode, options = {}) {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    return new Person(context, await context.newPage(), doorcode);
  }

  /** Somebody who has forbidden all cookies in the browser's settings. */
  static async withoutCookies(doorcode) {
    const profile = await mkdtemp(join(tmpdir(), 'doorcode-profile-'));
    await mkdir(join(profile, 'Default'));
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(settings));
    const { env, remove } = await onlyFonts(FONT);
    const launch = { ...LAUNCH, env, executablePath: WHOLE, locale: 'en-GB' };
    const context = await chromium.launchPersistentContext(profile, launch);
    context.once('close', remove);
    const person = new Person(context, context.pages()[0], doorcode);
    person.#profile = profile;
    return person;
  }

  constructor(context, page, doorcode) {
    Object.assign(this, { context, page, doorcode });
    context.setDefaultTimeout(PATIENCE);
    context.on('console', (message) => {
      if (/content security policy/i.test(message.text())) this.#violations.push(message.text());
    });
    context.on('weberror', (event) => this.#broken.push(`script error: ${event.error()}`));
    context.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith('http') && !ON_THIS_MACHINE.test(hostname)) this.#away.add(hostname);
      if (request.isNavigationRequest()) this.journey.push(`${request.method()} ${request.url()}`);
    });
    context.on('response', (answer) => {
      const part = !answer.request().isNavigationRequest() && answer.url().includes('/.doorcode/');
      // Nobody is signed in yet: how `me` says so.
      const nobody = answer.status() === 401 && answer.url().endsWith('/me');
      if (part && answer.status() >= 400 && !nobody) this.#broken.push(`${answer.status()} ${answer.url()}`);
    });
  }

  async visit(path) {
    return this.page.goto(new URL(path, this.doorcode.origin).href);
  }

  /** On the number page: types a number and asks for a code. */
  async askForCode(phone) {
    await this.sees(NUMBER_FIELD, 'the page that asks for a number');
    await this.page.fill(NUMBER_FIELD, phone);
    await this.button(NUMBER_FIELD).click();
    await this.sees(CODE_FIELD, 'the page that asks for the code');
  }

  async typeCode(code) {
    await this.page.fill(CODE_FIELD, code);
    await this.button(CODE_FIELD).click();
  }

  /** Presses what leads to another page, and waits for that page to have loaded. */
  async press(target) {
    const pressed = typeof target === 'string' ? this.page.locator(target).first() : target;
    // The next page is told from this one by a mark, since both may have the same address.
    await this.page.evaluate(() => document.documentElement.setAttribute('data-before', ''));
    await pressed.click();
    await this.sees('html:not([data-before])', 'another page');
  }

  /** From a protected page to that same page, signed in. */
  async signIn(phone, path = '/') {
    await this.visit(path);
    await this.askForCode(phone);
    await this.typeCode(await this.doorcode.twilio.code(phone));
    await this.landsOn(path);
  }

  async landsOn(place) {
    const url = new URL(place, this.doorcode.origin).href;
    await this.#expect(`to land on ${url}`, () => landed(this.page, url));
  }

  /** Waits for an address that begins so. */
  async landsAt(start) {
    const there = (url) => url.startsWith(start);
    await this.#expect(`to land at ${start}…`, () => landed(this.page, there));
  }

  async sees(selector, what) {
    await this.#expect(`to see ${what}`, () => this.#shown(this.page.locator(selector)));
  }

  async seesText(pattern) {
    await this.#expect(`to read ${pattern}`, () => this.#shown(this.page.getByText(pattern)));
  }

  /** There to be seen, on a page that is whole: its script has run. */
  async #shown(found) {
    await found.first().waitFor();
    await this.page.waitForLoadState();
  }

  /** The button of the form that holds `field`, or of the page's first form. */
  button(field = null) {
    const forms = this.page.locator('main form');
    const form = field ? forms.filter({ has: this.page.locator(field) }) : forms;
    return form.locator('button').first();
  }

  /** How often the browser posted something. */
  posts() {
    return this.journey.filter((step) => step.startsWith('POST')).length;
  }

  /** All that this person can see and that helps to understand a failure. */
  async situation() {
    const text = await this.page.locator('body').innerText({ timeout: 2000 }).catch(String);
    return [
      `At ${this.page.url()} (${await this.page.title().catch(String)}), which says:`,
      text.slice(0, 1500),
      `Asked for so far:\n  ${this.journey.slice(-12).join('\n  ')}`,
      ...this.#violations,
      ...this.#broken,
      `Doorcode's log ends:\n${this.doorcode.log()}`,
    ].join('\n');
  }

  /**
   * Nothing on the way may have been blocked, broken or missing, and nothing asked for elsewhere
   * but of the hosts in `away`, for which the test itself answers.
   */
  async leave({ away = [] } = {}) {
    await this.close();
    assert.deepEqual(this.#violations, [], 'pages must keep to their own Content-Security-Policy');
    assert.deepEqual(this.#broken, [], 'every part of a page must load, and every script run');
    assert.deepEqual([...this.#away], away, 'no request leaves this machine');
  }

  async close() {
    await this.context.close();
    // Chromium may write to its profile for a moment after it has said goodbye.
    if (this.#profile) await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  async #expect(what, step) {
    try {
      await step();
    } catch (cause) {
      throw new Error(`Expected ${what}.\n${await this.situation()}`, { cause });
    }
  }
}
