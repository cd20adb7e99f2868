// <sms-login client-id="…">: the steps of the login pages inside a page of somebody else. Without
// a shadow root, since browsers fill in forms of the page itself best. Holds no token.
(issuer => {
  if (customElements.get('sms-login')) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('sms-login{display:block;max-width:26rem;color:var(--text);font:400 1rem/1.5 var(--sans);overflow-wrap:break-word;' + "base.css" + '}');
  document.adoptedStyleSheets.push(sheet);

  // What the forms of the pages are here.
  const STEPS = { login: 'start', code: 'verify', resend: 'resend' };
  const NAMES = ['id', 'for', 'aria-describedby', 'aria-labelledby'];
  let elements = 0, policy;
  // For pages that demand Trusted Types: all of it is from the templates of the login pages.
  try { policy = self.trustedTypes?.createPolicy('sms-login', { createHTML: s => s }) } catch {}
  const html = text => policy ? policy.createHTML(text) : text;

  customElements.define('sms-login', class extends HTMLElement {
    static observedAttributes = ['client-id'];
    #ids = `sms-login-${++elements}-`;
    #number = {};
    #answer = {};
    #away;
    #heard;
    #busy;
    #due;
    #stop;
    #tabs;

    connectedCallback() {
      // Other tabs, and other elements of this page; login pages of this origin too.
      this.#tabs = new BroadcastChannel('doorcode');
      this.#tabs.onmessage = () => this.#look(1);
      addEventListener('pageshow', this);
      if (!this.#answer.state) this.#look();
      else if (this.#answer.state === 'code') this.#offer();
    }

    // One that was only moved is connected again by then.
    disconnectedCallback() {
      this.#stop?.abort();
      this.#tabs.close();
      removeEventListener('pageshow', this);
      queueMicrotask(() => { if (!this.isConnected && this.#in()) this.#answer = {} });
    }

    attributeChangedCallback(_, before, now) {
      if (!this.isConnected || before === now) return;
      this.#answer.state = '';
      this.#look();
    }

    // The page is back as it was left.
    handleEvent(e) { if (e.persisted) this.#look(1) }

    #in() { return this.#answer.state === 'signed-in' }

    // Once for all that changes together, and after what is under way. `again`: only somebody who
    // has signed in meanwhile changes what stands here.
    #look(again) {
      if (this.#due || this.#away) return;
      this.#due = true;
      queueMicrotask(async () => {
        while (this.#busy) await this.#busy;
        this.#due = false;
        if (this.isConnected && !this.#in()) this.#ask('start', null, again && this.#answer.state);
      });
    }

    #ask(...what) { return this.#busy ??= this.#fetch(...what).finally(() => this.#busy = null) }

    // With fields it is a POST, without it a look.
    async #fetch(step, fields, again) {
      again || this.#stop?.abort();
      try {
        const id = this.getAttribute('client-id'), lang = this.getAttribute('lang');
        if (!id) throw new Error('The attribute client-id is missing.');
        const client = { client_id: id };
        const query = new URLSearchParams({ ...!fields && client, ...lang && { lang } });
        const options = { credentials: 'include', signal: AbortSignal.timeout(3e4) };
        if (fields) Object.assign(options, { method: 'POST', body: new URLSearchParams({ ...client, ...fields }) });
        const answer = await fetch(`${issuer}/widget/${step}?${query}`, options).catch(cause => {
          throw new Error(`${issuer} cannot be reached, or web_origins of "${id}" lacks ${origin}.`, { cause });
        });
        await this.#take(await answer.json(), !fields, again);
      } catch (error) {
        again || this.#trouble(error);
      }
    }

    async #take(answer, looked, again) {
      if (!answer.state) throw new Error(answer.error_description);
      const { site } = answer;
      if (site) this.getSession = async () => {
        const me = await fetch(`${site}/me`, { headers: { accept: 'application/json' } });
        return me.ok ? me.json() : null;
      };
      // On the issuer's own host there is but one cookie.
      if (looked && site && new URL(issuer).hostname !== location.hostname && await this.getSession()) answer.state = 'signed-in';
      const { state } = answer, first = !this.#answer.state;
      if (again && (state === again || !/^(signed|cont)/.test(state))) return;
      this.#answer = answer;
      if (this.#in()) return this.#done(looked);
      if (/^(else|cont)/.test(state) || this.hasAttribute('mode')) this.#card(`<button type="button">${answer.label}</button>`);
      else this.#part(answer, first);
      this.#tell(first && state !== 'unavailable' ? 'ready' : state, { error: answer.error, seconds: answer.seconds, reference: answer.reference });
    }

    #card(text) {
      const { lang, dir } = this.#answer;
      const card = Object.assign(document.createElement('div'), { className: 'card', lang, dir, innerHTML: html(text), onsubmit: e => this.#submit(e), onclick: e => this.#click(e) });
      this.replaceChildren(card);
      return card;
    }

    #part({ html: text, state }, first) {
      const card = this.#card(text), one = s => card.querySelector(s);
      // The page may have ids and a first heading of its own, and another element.
      for (const name of NAMES) for (const e of card.querySelectorAll(`[${name}]`)) {
        e.setAttribute(name, e.getAttribute(name).replace(/\S+/g, this.#ids + '$&'));
      }
      one('h1')?.setAttribute('aria-level', 2);
      const { phone, country, code } = Object.fromEntries([...card.querySelectorAll('input,select')].map(e => [e.name, e]));
      if (phone && !phone.value && this.#number.phone) {
        phone.value = this.#number.phone;
        if (country) country.value = this.#number.country;
      }
      // The example belongs to the country that was chosen when the form was made, if one was.
      if (country) {
        const hint = one('.hint'), example = [...hint.childNodes];
        (country.onchange = () => hint.replaceChildren(...one('[selected]') === one('[selected]:checked') ? example : []))();
      }
      if (!first) (one('[data-problem]') ?? code ?? phone)?.focus();
      const time = one('time'), { lang } = this.#answer;
      if (time) time.textContent = new Date(time.dateTime).toLocaleString(lang, time.dataset);
      this.#wait(one, lang);
      if (state === 'code') this.#offer();
    }

    // The browser offers the code of a text that names this host; a tap on the offer signs in.
    #offer() {
      const code = this.querySelector('input.code');
      if (!code || !self.OTPCredential) return;
      this.#stop = new AbortController();
      navigator.credentials.get({ otp: { transport: ['sms'] }, signal: this.#stop.signal })
        .then(o => { code.value = o.code; code.form.requestSubmit() }, () => {});
    }

    // Counts down beside the buttons, and speaks once, at the end.
    #wait(one, lang) {
      const after = one('[data-after]')?.dataset.after, buttons = this.querySelectorAll('[data-after] button');
      const left = one('[data-left]'), ready = one('[data-ready]');
      if (!left || !(after > 0)) return;
      // The answer's own language: that of the card may be another once a browser has translated it.
      const when = new Intl.RelativeTimeFormat(lang), since = performance.now();
      const tick = () => {
        const s = after - Math.floor((performance.now() - since) / 1e3);
        const time = s > left.dataset.over ? [Math.ceil(s / 60), 'minute'] : [s, 'second'];
        buttons.forEach(b => b.disabled = s > 0);
        left.textContent = s > 0 ? left.dataset.left.replace('{when}', when.format(...time)) : '';
        if (s <= 0) ready.textContent = ready.dataset.ready; else if (this.contains(left)) setTimeout(tick, 1e3);
      };
      tick();
    }

    #submit(e) {
      e.preventDefault();
      const form = e.target, step = STEPS[form.action.match(/([^/?]*)(\?[^?]*)?$/)[1]];
      const fields = Object.fromEntries(new FormData(form, e.submitter));
      if (!step || this.#busy) return;
      e.submitter?.setAttribute('aria-disabled', true);
      if (step === 'start') this.#number = { phone: fields.phone, country: fields.country ?? '' };
      this.#ask(step, { ...this.#number, ...fields });
    }

    #click(e) {
      if (e.target.matches('button[type=button]')) return this.#leave();
      const link = e.target.closest('a');
      if (!link || link.target) return;
      e.preventDefault();
      const href = link.getAttribute('href');
      if (href[0] === '#') this.querySelector(href.replace('#', '#' + this.#ids))?.focus();
      else if (this.#answer.state === 'no-cookie') this.#leave();
      else this.#ask('start');
    }

    // Where our cookies do not come back to, a whole page signs in: that of the site, or whatever
    // the app makes of the event.
    #leave() {
      const { site } = this.#answer;
      if (!this.#tell('sign-in')) return;
      // For the developer of a page without a listener; on one that is left meanwhile, nobody reads it.
      if (!site) return this.#heard || setTimeout(() => console.warn('sms-login: nothing listens to "sign-in"'), 3e3);
      const url = this.#through(`${site}/sign-in`);
      const popup = this.getAttribute('mode') === 'popup' && open(url, 'sms-login', 'popup,width=440,height=680');
      if (!popup) return location.assign(url);
      // What the page in it tells other tabs is this login.
      this.#away = true;
      const look = setInterval(async () => {
        let back = popup.closed;
        try { back ||= popup.location.origin === origin && !popup.location.pathname.startsWith(site + '/') } catch {}
        if (!back) return;
        clearInterval(look);
        popup.close();
        const me = await this.getSession();
        this.#away = false;
        if (me) this.#done();
      }, 300);
    }

    // One that was added before this script ran, or further up, is not known of.
    addEventListener(type, ...rest) {
      this.#heard ||= type === 'sign-in';
      super.addEventListener(type, ...rest);
    }

    // `found`: nobody signed in just now, so that nothing moves.
    #done(found) {
      const { handover, site } = this.#answer;
      this.#answer.state = 'signed-in';
      // To be found when it is inserted again.
      if (!this.isConnected) return this.#answer = {};
      this.#stop?.abort();
      this.replaceChildren();
      // A session that was found may be new to tabs of this site, but not to login pages.
      if (!found || site) this.#tabs.postMessage(found ? 0 : 1);
      if (!this.#tell('signed-in', { found: !!found }) || found) return;
      const to = this.#to();
      if (handover) location.assign(this.#through(handover));
      else if (to !== location.pathname + location.search) location.assign(to);
      else if (site) location.reload();
    }

    #to() {
      const to = new URL(this.getAttribute('return-to') ?? '', location.href);
      return to.origin === origin ? to.pathname + to.search : '/';
    }

    #through(sign_in) { return `${sign_in}?return_to=${encodeURIComponent(this.#to())}${location.hash}` }

    #tell(name, detail) { return this.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail })) }

    // What the page has for this case stays until there is a card.
    #trouble(error) {
      this.#tell('error', error);
      const card = this.querySelector('.card');
      if (!card) return console.error('sms-login:', error);
      card.querySelector('[aria-disabled]')?.removeAttribute('aria-disabled');
      card.querySelector('[data-trouble]')?.remove();
      card.insertAdjacentHTML('afterbegin', html(`<p class="error" role="alert" data-trouble>${this.#answer.trouble}</p>`));
    }
  });
})
