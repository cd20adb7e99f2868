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
    // developers.cloudflare.com/turnstile: "Validate the token", "Content Security Policy".
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
    // docs.hcaptcha.com: "Verify the User Response Server Side", "Content-Security-Policy Settings".
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
    // developers.google.com/recaptcha: "Verifying the user's response"; its FAQ for the policy. Version 2.
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
