// <sms-login> as TypeScript knows it. `widget.js` exports nothing: a page loads it by a tag.

/** Who is signed in at the page's site. */
export interface SmsLoginSession {
  sub: string;
  phone_number: string;
  roles: string[];
}

export interface SmsLoginAttributes {
  /** The client; its `web_origins` list the page. */
  'client-id': string;
  /** A language such as `de`; else the one that the login pages would have. */
  lang?: string;
  /** A path of the page's own origin to go to after the login; else this page. */
  'return-to'?: string;
  /** A button in place of the form. */
  mode?: 'redirect' | 'popup';
  /** Else as the visitor's system is. */
  theme?: 'light' | 'dark';
}

export interface SmsLoginStep {
  /** What was wrong: a key of the words, such as `code_wrong`. */
  error?: string;
  /** With `limited`: how long to wait. */
  seconds?: number;
  /** Of the login that ended, by which an operator finds what became of it. */
  reference?: string;
}

export interface SmsLoginEventMap {
  ready: CustomEvent<SmsLoginStep>;
  number: CustomEvent<SmsLoginStep>;
  code: CustomEvent<SmsLoginStep>;
  limited: CustomEvent<SmsLoginStep>;
  denied: CustomEvent<SmsLoginStep>;
  unavailable: CustomEvent<SmsLoginStep>;
  'no-cookie': CustomEvent<SmsLoginStep>;
  /** `found`: there was a session already, or another tab signed in; nothing moves then. */
  'signed-in': CustomEvent<{ found: boolean }>;
  'sign-in': CustomEvent<null>;
}

export interface SmsLoginElement extends HTMLElement {
  /** Behind a site of Doorcode, from `ready` or `signed-in` on. `null`: nobody is signed in. */
  getSession?(): Promise<SmsLoginSession | null>;
  addEventListener<K extends keyof SmsLoginEventMap>(
    type: K,
    listener: (this: SmsLoginElement, event: SmsLoginEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Of the element it is a CustomEvent<Error>; of what is inside it, another. */
  addEventListener(type: 'error', listener: (event: Event) => unknown, options?: boolean | AddEventListenerOptions): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: SmsLoginElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** Listeners as React 19 takes them: `onsigned-in={…}`. */
export type SmsLoginListeners = {
  [K in keyof SmsLoginEventMap as `on${K}`]?: (event: SmsLoginEventMap[K]) => unknown;
};

declare global {
  interface HTMLElementTagNameMap {
    'sms-login': SmsLoginElement;
  }
  // Preact, and React before 19.
  namespace JSX {
    interface IntrinsicElements {
      'sms-login': SmsLoginAttributes & SmsLoginListeners & { [attribute: string]: unknown };
    }
  }
}

// Each on one line, which is not looked at where there is no such package.
// @ts-ignore
declare module 'react' { namespace JSX { interface IntrinsicElements { 'sms-login': DetailedHTMLProps<HTMLAttributes<SmsLoginElement>, SmsLoginElement> & SmsLoginAttributes & SmsLoginListeners } } }
