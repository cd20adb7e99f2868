// The API as a program calls it that uses no SDK: every status, header and word can be looked at.
import assert from 'node:assert/strict';

export const OTP_GRANT = 'http://auth0.com/oauth/grant-type/passwordless/otp';

export class Api {
  constructor(doorcode, app) {
    Object.assign(this, { doorcode, app });
  }

  /** A body that is an object goes as JSON, a `URLSearchParams` as a form. */
  async ask(method, path, body, headers = {}) {
    const form = body instanceof URLSearchParams;
    const type = body && !form ? { 'content-type': 'application/json' } : {};
    const answer = await fetch(this.doorcode.issuer + path, {
      method,
      headers: { ...type, ...headers },
      body: form || !body ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.startsWith('application/json');
    return { status: answer.status, headers: answer.headers, text, body: json && JSON.parse(text) };
  }

  get(path, headers) {
    return this.ask('GET', path, undefined, headers);
  }

  post(path, body, headers) {
    return this.ask('POST', path, body, headers);
  }

  start(phone, { headers, ...more } = {}) {
    const body = { client_id: 'spa', connection: 'sms', phone_number: phone, ...more };
    return this.post('/passwordless/start', body, headers);
  }

  /** Asks for a code and reads it off the phone. */
  async codeFor(phone, more) {
    const started = await this.start(phone, more);
    assert.equal(started.status, 200, started.text);
    return this.doorcode.twilio.code(phone);
  }

  token(body, headers) {
    return this.post('/oauth/token', { client_id: 'spa', ...body }, headers);
  }

  redeem(phone, otp, more = {}) {
    return this.token({ grant_type: OTP_GRANT, realm: 'sms', username: phone, otp, ...more });
  }

  /** The tokens of somebody who signs in with the number. */
  async signIn(phone, scope = 'openid', more = {}) {
    const code = await this.codeFor(phone, more);
    const redeemed = await this.redeem(phone, code, { scope, ...more });
    assert.equal(redeemed.status, 200, redeemed.text);
    return redeemed.body;
  }

  refresh(refresh_token) {
    return this.token({ grant_type: 'refresh_token', refresh_token });
  }

  /** What a page of the app gets by the number's code, and the cookie that came with it. */
  async ticket(phone, origin = this.app) {
    const otp = await this.codeFor(phone);
    const who = { client_id: 'spa', username: phone, realm: 'sms', otp };
    const body = { ...who, credential_type: OTP_GRANT };
    const answer = await this.post('/co/authenticate', body, { origin });
    const cookie = answer.headers.getSetCookie().map((set) => set.split(';')[0]).join('; ');
    return { ...answer, cookie };
  }

  /** Where a browser is led that comes to /authorize with such a ticket. */
  async authorize(phone, parameters) {
    const { body, cookie, text } = await this.ticket(phone);
    assert.ok(body?.login_ticket, text);
    const query = new URLSearchParams({
      client_id: 'spa',
      redirect_uri: `${this.app}/callback`,
      scope: 'openid',
      state: 'a.~state-',
      realm: 'sms',
      login_ticket: body.login_ticket,
      ...parameters,
    });
    const answer = await this.get(`/authorize?${query}`, { cookie });
    assert.ok(isRedirect(answer), `${answer.status} ${answer.text}`);
    return new URL(answer.headers.get('location'));
  }
}

/** Leads a browser on, by a GET. */
export const isRedirect = ({ status }) => [302, 303].includes(status);

/** An answer of the API to what went wrong, all of it. */
export function assertRefused(answer, status, error, description) {
  const said = `${answer.status} ${answer.text}`;
  assert.equal(answer.status, status, said);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, said);
  assert.equal(answer.body.error, error, said);
  if (description instanceof RegExp) assert.match(answer.body.error_description, description, said);
  else assert.equal(answer.body.error_description, description, said);
}

/** What a JWT says of itself; whether it is true is for the SDKs to see. */
export const claims = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());

/** Digits of the same length that are not the code; another for each `n` up to 9. */
export const unlike = (code, n = 1) => code.slice(0, -1) + ((Number(code.at(-1)) + n) % 10);
