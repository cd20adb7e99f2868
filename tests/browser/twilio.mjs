// Twilio's Messages endpoint, as strict as the real one about who asks and in what words.
// What it would have refused is kept in `faults`, because Doorcode may not show it on a page.
import { createHmac, randomBytes } from 'node:crypto';
import { serve, until } from './servers.mjs';

export const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
export const SERVICE = 'MG0123456789abcdef0123456789abcdef';
export const TOKEN = 'a-token-that-only-the-tests-know';

const PATH = `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`;
const BASIC = `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`;

export async function startTwilio() {
  const texts = [];
  const faults = [];
  const unreachable = new Set();

  const { port, stop } = await serve((request, body, response) => {
    const form = new URLSearchParams(body);
    const fault = complaint(request, form);
    if (fault) faults.push(`${request.method} ${request.url}: ${fault.message}`);
    const lost = unreachable.has(form.get('To')) ? NO_NUMBER : null;
    const refused = fault ?? lost;
    const answer = refused ?? accepted(form);
    const callback = form.get('StatusCallback');
    if (!refused) {
      texts.push({ to: form.get('To'), body: form.get('Body'), sid: answer.sid, callback });
    }
    response.writeHead(refused?.status ?? 201, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });

  const sentTo = (phone) => texts.filter((text) => text.to === phone);
  const nobody = (phone) => () =>
    `a text to ${phone}; so far: ${JSON.stringify(texts)}, refused: ${JSON.stringify(faults)}`;
  return {
    port,
    stop,
    faults,
    /** Numbers that Twilio finds to be nobody's, which is no fault of who asks. */
    unreachable,
    sentTo,
    /** The newest text to a number, waited for. */
    text: (phone) => until(() => sentTo(phone).at(-1), nobody(phone)),
    /** Tells what became of the newest text to a number, signed as Twilio signs. */
    async tell(phone, status, code) {
      const { sid, callback } = await this.text(phone);
      const fields = { MessageSid: sid, MessageStatus: status, To: phone };
      if (code) fields.ErrorCode = String(code);
      const pairs = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
      const hmac = createHmac('sha1', TOKEN).update(callback + pairs.flat().join(''));
      const headers = { 'x-twilio-signature': hmac.digest('base64') };
      const told = await fetch(callback, { method: 'POST', headers, body: new URLSearchParams(fields) });
      if (!told.ok) throw new Error(`${told.status} for a receipt`);
    },
    async code(phone) {
      const { body } = await this.text(phone);
      const digits = body.match(/\b\d{6}\b/);
      if (!digits) throw new Error(`No 6-digit code in the text: ${body}`);
      return digits[0];
    },
  };
}

function complaint(request, form) {
  const { authorization, 'content-type': type = '' } = request.headers;
  if (request.url !== PATH) return refusal(404, 20404, `${request.url} was not found`);
  if (authorization !== BASIC) return refusal(401, 20003, 'Authenticate');
  if (request.method !== 'POST') return refusal(405, 20004, 'Method not allowed');
  if (type.split(';')[0] !== 'application/x-www-form-urlencoded') {
    return refusal(400, 21603, `not a form: ${type}`);
  }
  const repeated = [...form.keys()].find((key) => form.getAll(key).length > 1);
  if (repeated) return refusal(400, 21604, `${repeated} came twice`);
  if (!form.get('To')) return refusal(400, 21604, "A 'To' phone number is required.");
  if (!/^\+[1-9]\d{6,14}$/.test(form.get('To'))) return NO_NUMBER;
  if (!form.get('Body')) return refusal(400, 21602, 'Message body is required.');
  if (form.has('From')) return refusal(400, 21606, 'this test configures a messaging service');
  if (form.get('MessagingServiceSid') !== SERVICE) return refusal(400, 21703, 'no such service');
  const validity = form.get('ValidityPeriod') ?? '600';
  if (!/^\d+$/.test(validity) || validity < 1 || validity > 36000) {
    return refusal(400, 21623, `ValidityPeriod ${validity} is not 1 to 36000`);
  }
  return null;
}

const NO_NUMBER = refusal(400, 21211, "Invalid 'To' Phone Number");

function refusal(status, code, message) {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status };
}

function accepted(form) {
  const sid = `SM${randomBytes(16).toString('hex')}`;
  const now = new Date().toUTCString().replace('GMT', '+0000');
  return {
    account_sid: ACCOUNT,
    api_version: '2010-04-01',
    body: form.get('Body'),
    date_created: now,
    date_sent: null,
    date_updated: now,
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: null,
    messaging_service_sid: SERVICE,
    num_media: '0',
    num_segments: '0',
    price: null,
    price_unit: null,
    sid,
    status: 'accepted',
    subresource_uris: { media: `/2010-04-01/Accounts/${ACCOUNT}/Messages/${sid}/Media.json` },
    to: form.get('To'),
    uri: `/2010-04-01/Accounts/${ACCOUNT}/Messages/${sid}.json`,
  };
}
