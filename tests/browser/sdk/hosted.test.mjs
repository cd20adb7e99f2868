// Pages by https, as in production: there SDKs get nothing but an id and a domain.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../certificate.mjs';
import { ALONE_SECURE, startDoorcode } from '../doorcode.mjs';
import { NUMBER_FIELD, Person, openBrowser } from '../person.mjs';
import { clientsOf, dictionary, startPages } from './apps.mjs';
import { bundle } from './bundle.mjs';

const AUTH0_JS = new URL('../node_modules/auth0-js/dist/auth0.min.js', import.meta.url);

/** Where the programs take the libraries and their words from; the tests answer for it. */
const CDN = 'cdn.auth0.com';
const BADGE = { contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' };

let auth0js;
let browser;
let doorcode;
let lock;
let pages;
before(async () => {
  auth0js = await readFile(AUTH0_JS, 'utf8');
  lock = await bundle('auth0-lock');
  const pair = await makeCertificate(['localhost']);
  const programs = {};
  pages = await startPages({ host: 'localhost', pages: programs, pair });
  doorcode = await startDoorcode(ALONE_SECURE, { pair, ...clientsOf(pages.origin) });
  const domain = new URL(doorcode.issuer).host;
  Object.assign(programs, { '/callback': ownForm(domain), '/dialog': dialog(domain) });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await pages?.stop();
});

/** The first program of Auth0's tutorial for texts in single-page apps: Lock. */
const dialog = (domain) => `<!doctype html><html lang="en"><title>Lock</title>
<link rel="icon" href="data:,">
<script src="https://${CDN}/js/lock/14.3.0/lock.min.js"></script>
<script>
  const lock = new Auth0LockPasswordless('spa', '${domain}', {
    allowedConnections: ['sms'],
    auth: { redirectUrl: location.origin + '/dialog', responseType: 'token id_token' },
  });
  lock.on('authenticated', ({ idToken, accessToken }) => {
    localStorage.setItem('id_token', idToken);
    localStorage.setItem('access_token', accessToken);
    document.querySelector('h1').textContent = 'Welcome';
  });
</script>
<h1>The app</h1><a href="javascript:lock.show()">Log in</a>`;

/** The second: a form of one's own, and auth0-js. */
const ownForm = (domain) => `<!doctype html><html lang="en"><title>auth0-js</title>
<link rel="icon" href="data:,">
<script src="https://${CDN}/js/auth0/10.2.1/auth0.min.js"></script>
<div id="number"><input class="phone-number"><button onclick="sendSMS()">Send</button></div>
<div id="code" hidden><input class="code"><button onclick="login()">Log in</button></div>
<div id="profile" hidden><img class="avatar" alt=""><span class="nickname"></span></div>
<p id="error"></p>
<script>
  const webAuth = new auth0.WebAuth({
    clientID: 'spa',
    domain: '${domain}',
    redirectUri: location.origin + '/callback',
    responseType: 'token id_token',
  });
  const typed = (field) => document.querySelector(field).value;
  const show = (part) => (document.querySelector(part).hidden = false);
  const tell = (error) => (document.querySelector('#error').textContent = JSON.stringify(error));

  function sendSMS() {
    const phoneNumber = typed('.phone-number');
    webAuth.passwordlessStart({ connection: 'sms', send: 'code', phoneNumber }, (error) =>
      error ? tell(error) : show('#code'));
  }
  function login() {
    const phoneNumber = typed('.phone-number');
    const verificationCode = typed('.code');
    webAuth.passwordlessLogin({ connection: 'sms', phoneNumber, verificationCode }, tell);
  }
  if (location.hash) {
    webAuth.parseHash({ hash: location.hash }, (error, authResult) => {
      if (error) return tell(error);
      localStorage.setItem('accessToken', authResult.accessToken);
      webAuth.client.userInfo(authResult.accessToken, (error, user) => {
        if (error) return tell(error);
        show('#profile');
        document.querySelector('.nickname').textContent = user.nickname;
        document.querySelector('.avatar').src = user.picture;
      });
    });
  }
</script>`;

/** Somebody whose browser finds the libraries where the programs look for them. */
async function visitor() {
  const shown = { ignoreHTTPSErrors: true, locale: 'en-US' };
  const person = await Person.at(browser, { origin: pages.origin, log: doorcode.log }, shown);
  await person.context.route(`https://${CDN}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    const scripts = {
      '/js/lock/14.3.0/lock.min.js': lock,
      '/js/lock/14.3.0/en.js': dictionary('en'),
      '/js/auth0/10.2.1/auth0.min.js': auth0js,
    };
    const body = scripts[pathname];
    // What is left is Lock's badge.
    return body ? route.fulfill({ contentType: 'text/javascript', body }) : route.fulfill(BADGE);
  });
  return person;
}

test('the tutorial’s program with Lock runs as it is written', async () => {
  const phone = '+12025550381';
  const person = await visitor();
  await person.visit('/dialog');
  await person.page.click('a');
  const submit = 'button.auth0-lock-submit:not([disabled])';
  await person.sees('input[name=phoneNumber]', 'the field for the number');
  await person.page.fill('input[name=phoneNumber]', phone.slice(2));
  await person.page.click(submit);
  await person.sees('input[name=vcode]', 'the field for the code');
  await person.page.fill('input[name=vcode]', await doorcode.twilio.code(phone));
  await person.page.click(submit);
  await person.seesText('Welcome');
  const kept = await person.page.evaluate(() => ({ ...localStorage }));
  assert.equal(kept.id_token.split('.').length, 3);
  assert.ok(kept.access_token);
  await person.leave({ away: [CDN] });
});

test('the tutorial’s program with auth0-js runs as it is written', async () => {
  const phone = '+12025550382';
  const person = await visitor();
  await person.visit('/callback');
  await person.page.fill('.phone-number', phone);
  await person.page.click('#number button');
  await person.sees('.code', 'the field for the code');
  await person.page.fill('.code', await doorcode.twilio.code(phone));
  await person.page.click('#code button');
  await person.sees('.avatar[src]', 'the profile');
  const seen = () => document.querySelector('.avatar').naturalWidth > 0;
  await person.page.waitForFunction(seen);
  await person.leave({ away: [CDN] });
});

test('auth0-js on the issuer’s own page ends the login that led there', async () => {
  const phone = '+12025550383';
  const { person, redirect_uri } = await textedOnTheIssuersPage(phone);
  const sso = await person.page.evaluate(
    () => new Promise((done) => window.webAuth.client.getSSOData((_, data) => done(data))),
  );
  assert.equal(sso.sso, false);

  const verificationCode = await doorcode.twilio.code(phone);
  await person.page.evaluate(
    (options) => {
      const refused = (error) => (document.title = JSON.stringify(error));
      window.webAuth.passwordlessLogin(options, refused);
    },
    { connection: 'sms', phoneNumber: phone, verificationCode },
  );
  await person.landsAt(`${redirect_uri}#`);
  const answer = new URLSearchParams(new URL(person.page.url()).hash.slice(1));
  assert.equal(answer.get('state'), 'of the app');
  assert.ok(answer.get('id_token'), person.page.url());
  assert.ok(answer.get('access_token'), person.page.url());
  await person.close();
});

test('popup.passwordlessVerify looks at the code and then has tokens for it', async () => {
  const phone = '+12025550384';
  const { person } = await textedOnTheIssuersPage(phone, 'legacy');
  const verify = (verificationCode) =>
    person.page.evaluate(
      (options) =>
        new Promise((done) =>
          window.webAuth.popup.passwordlessVerify(options, (error, result) => done({ error, result })),
        ),
      { connection: 'sms', phoneNumber: phone, verificationCode },
    );
  const code = await doorcode.twilio.code(phone);
  const wrong = await verify(code === '111111' ? '222222' : '111111');
  assert.equal(wrong.error.code, 'invalid_user_password', JSON.stringify(wrong.error));
  assert.equal(wrong.error.description, 'Wrong phone number or verification code.');
  const { error, result } = await verify(code);
  assert.equal(error, null);
  assert.equal(result.idToken.split('.').length, 3);
  assert.ok(result.accessToken);
  const again = await verify(code);
  assert.equal(again.error.code, 'invalid_user_password');
  await person.close();
});

/** Somebody on the issuer's own login page, whom auth0-js in that page has texted a code. */
async function textedOnTheIssuersPage(phone, client = 'spa') {
  const person = await visitor();
  const asked = { client_id: client, response_type: 'token id_token', scope: 'openid', nonce: 'n1' };
  const redirect_uri = `${pages.origin}/callback`;
  const query = new URLSearchParams({ ...asked, redirect_uri, state: 'of the app' });
  await person.page.goto(`${doorcode.issuer}/authorize?${query}`);
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  await person.page.evaluate(auth0js);
  const start = await person.page.evaluate(
    ([clientID, phoneNumber, redirectUri]) => {
      // What the page knows its login by.
      const state = new URLSearchParams(location.search).get('flow');
      const asked = { clientID, responseType: 'token id_token', scope: 'openid' };
      const domain = location.host;
      window.webAuth = new window.auth0.WebAuth({ ...asked, domain, redirectUri, state });
      const start = { connection: 'sms', send: 'code', phoneNumber };
      return new Promise((done) => window.webAuth.passwordlessStart(start, (error) => done(error)));
    },
    [client, phone, redirect_uri],
  );
  assert.equal(start, null);
  return { person, redirect_uri };
}
