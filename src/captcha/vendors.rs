/// One vendor's captcha. All have the same exchange: a script puts a field into the form, and its value is
/// posted to `siteverify` with our secret.
#[derive(Debug, PartialEq, Eq)]
pub struct CaptchaVendor {
    /// The value of `login.captcha.provider`.
    pub name: &'static str,
    /// The script that shows it in the element of its class.
    pub script: &'static str,
    pub class: &'static str,
    /// The field that it adds to the form.
    pub field: &'static str,
    pub verify_url: &'static str,
    /// What pages that show it have to allow: directives of `Content-Security-Policy` and hosts.
    pub sources: &'static [(&'static str, &'static str)],
    /// Whether answers tell the action that the page named.
    pub tells_action: bool,
}

const HCAPTCHA: &str = "https://hcaptcha.com https://*.hcaptcha.com";

/// THE table of captchas.
pub const VENDORS: &[CaptchaVendor] = &[
    // developers.cloudflare.com/turnstile: script, class and field in "Embed the widget"
    // (get-started/client-side-rendering), siteverify, hostname and action in "Validate the token"
    // (get-started/server-side-validation), hosts in "Content Security Policy" (reference).
    CaptchaVendor {
        name: "turnstile",
        script: "https://challenges.cloudflare.com/turnstile/v0/api.js",
        class: "cf-turnstile",
        field: "cf-turnstile-response",
        verify_url: "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        sources: &[
            ("script-src", "https://challenges.cloudflare.com"),
            ("frame-src", "https://challenges.cloudflare.com"),
        ],
        tells_action: true,
    },
    // docs.hcaptcha.com, the "Developer Guide": script, class and field in "Quick Start", siteverify in
    // "Verify the User Response Server Side", hosts in "Content-Security-Policy Settings", which asks for
    // the wildcard: "asset subdomains used may vary".
    CaptchaVendor {
        name: "hcaptcha",
        script: "https://js.hcaptcha.com/1/api.js",
        class: "h-captcha",
        field: "h-captcha-response",
        verify_url: "https://api.hcaptcha.com/siteverify",
        sources: &[
            ("script-src", HCAPTCHA),
            ("frame-src", HCAPTCHA),
            ("style-src", HCAPTCHA),
            ("connect-src", HCAPTCHA),
        ],
        tells_action: false,
    },
    // developers.google.com/recaptcha/docs, version 2: script and class in "Checkbox" (display), field,
    // siteverify and hostname in "Verifying the user's response" (verify), hosts in the FAQ ("I'm using
    // content security policy (CSP) on my website").
    CaptchaVendor {
        name: "recaptcha",
        script: "https://www.google.com/recaptcha/api.js",
        class: "g-recaptcha",
        field: "g-recaptcha-response",
        verify_url: "https://www.google.com/recaptcha/api/siteverify",
        sources: &[
            ("script-src", "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/"),
            (
                "frame-src",
                "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/",
            ),
        ],
        tells_action: false,
    },
];
