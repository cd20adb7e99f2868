use doorcode::delivery::sms::ProviderSettings;

use super::super::{changed, problems, read};

/// The table of Twilio in the good file, with the list that names it: lines 10 to 14.
const TWILIO: &str = "providers = [\"twilio\"]\n[sms.twilio]\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"env:TOKEN\"\nfrom = \"+12025550123\"\n";

/// The file with another provider, whose keys begin in line 12.
fn with(provider: &str, keys: &str) -> String {
    let table = format!("providers = [\"{provider}\"]\n[sms.{provider}]\n{keys}\n");
    changed(&[(TWILIO, &table)])
}

fn said(provider: &str, keys: &str) -> Vec<String> {
    let all = problems(&with(provider, keys));
    all.lines().map(|line| line.strip_prefix("my.toml:").unwrap().to_owned()).collect()
}

const ACCOUNT: &str = "account_sid = \"AC0123456789abcdef0123456789abcdef\"\nfrom = \"12345\"\n";
const KEY: &str = "api_key = \"SK0123456789abcdef0123456789abcdef\"";
const SENDERS: &str = "is neither a number such as +12025550123, nor a short code, nor a name of 1 to 11 letters and digits";

const AWS: &str = "region = \"us-east-1\"\naccess_key_id = \"AKIA1\"\nsecret_access_key = \"env:TOKEN\"\norigination_identity = \"pool-0123abcd\"";

const VERIFY: &str = "account_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"env:TOKEN\"\nservice_sid = \"VA0123456789abcdef0123456789abcdef\"";

#[test]
fn codes_of_a_provider_are_for_everybody_and_as_long_as_ours() {
    let eight = |text: &str| text.replace("[login]\n", "[login]\ncode_digits = 8\n");
    let config = read(&eight(&with("twilio_verify", VERIFY))).unwrap();
    let [ProviderSettings::TwilioVerify(verify)] = &config.providers[..] else {
        panic!("one provider")
    };
    assert_eq!(
        (verify.code_length.get(), verify.base_url.as_str()),
        (8, "https://verify.twilio.com/")
    );

    let closed = with("twilio_verify", VERIFY).replace("[login]\n", "[login]\nsign_up = false\n");
    assert_eq!(
        problems(&closed),
        "my.toml:12:1: sms.twilio_verify: needs login.sign_up = true: else the time that a check takes would show who is a user"
    );
    let wrong = VERIFY.replace("VA0", "MG0") + "\ntemplate_sid = \"mine\"";
    assert_eq!(
        said("twilio_verify", &wrong),
        [
            "14:15: sms.twilio_verify.service_sid: is not VA and 32 hexadecimal digits",
            "15:16: sms.twilio_verify.template_sid: is not HJ and 32 hexadecimal digits",
        ]
    );
}

#[test]
fn the_endpoint_of_aws_is_that_of_the_region() {
    for (region, host) in [
        ("us-east-1", "sms-voice.us-east-1.amazonaws.com"),
        ("cn-north-1", "sms-voice.cn-north-1.amazonaws.com.cn"),
    ] {
        let config = read(&with("aws", &AWS.replace("us-east-1", region))).unwrap();
        let [ProviderSettings::Aws(aws)] = &config.providers[..] else { panic!("one provider") };
        assert_eq!(aws.base_url.host_str(), Some(host));
    }
    let wrong = AWS.replace("us-east-1", "US East").replace("pool-0123abcd", "a pool");
    assert_eq!(
        said("aws", &wrong),
        [
            "12:10: sms.aws.region: `US East` is not a region: words and one digit, such as us-east-1",
            "15:24: sms.aws.origination_identity: `a pool` is not an id, number or ARN of AWS",
        ]
    );
}

#[test]
fn regions_and_arns_of_aws_are_told_with_what_would_be_right() {
    let rows = [
        (
            "\"us-east-1\"",
            "\"us-east-1x\"",
            "12:10: sms.aws.region: `us-east-1x` is not a region: words and one digit, such as us-east-1",
        ),
        (
            "pool-0123abcd",
            "arn:aws:sms-voice:eu-west-1:123456789012:pool/pool-1",
            "15:24: sms.aws.origination_identity: `arn:aws:sms-voice:eu-west-1:123456789012:pool/pool-1` is in another region than sms.aws.region; that would be arn:aws:sms-voice:us-east-1:123456789012:pool/pool-1",
        ),
        (
            "pool-0123abcd",
            "arn:aws:sns:us-east-1:123456789012:texts",
            "15:24: sms.aws.origination_identity: `arn:aws:sns:us-east-1:123456789012:texts` is no ARN of sms-voice: arn:aws:sms-voice:us-east-1:ACCOUNT:NAME, whose account has 12 digits",
        ),
        (
            "pool-0123abcd",
            "arn:aws:pool-1",
            "15:24: sms.aws.origination_identity: `arn:aws:pool-1` is no ARN; it would be arn:aws:sms-voice:REGION:ACCOUNT:NAME",
        ),
    ];
    for (from, to, line) in rows {
        assert_eq!(said("aws", &AWS.replace(from, to)), [line]);
    }
    let topics = [
        ("texts", "is not the ARN of a topic, such as arn:aws:sns:us-east-1:123456789012:texts"),
        (
            "arn:aws:sns:us-east-2:123456789012:texts",
            "is in another region than sms.aws.region; that would be arn:aws:sns:us-east-1:123456789012:texts",
        ),
        (
            "arn:aws:sns:us-east-1:123456789012:texts.fifo",
            "is a FIFO topic, which delivers to no URL",
        ),
    ];
    for (topic, why) in topics {
        let keys = format!("{AWS}\nconfiguration_set = \"s\"\ntopic = \"{topic}\"");
        assert_eq!(said("aws", &keys), [format!("17:9: sms.aws.topic: `{topic}` {why}")]);
    }
    let topic = "\ntopic = \"arn:aws:sns:us-east-1:123456789012:texts\"";
    assert_eq!(
        said("aws", &format!("{AWS}{topic}")),
        [
            "16:9: sms.aws.topic: needs sms.aws.configuration_set: AWS reports the texts of a set only"
        ]
    );
    let good = format!("{AWS}\nconfiguration_set = \"s\"{topic}");
    let europe = good.replace("us-east-1", "eusc-de-east-1");
    assert!(read(&with("aws", &good)).is_ok() && read(&with("aws", &europe)).is_ok());
    assert_eq!(
        said("aws", &format!("{good}\nsns_url = \"https://sns.us-east-1.amazonaws.com/x\"")),
        ["18:11: sms.aws.sns_url: may not have a path: SNS has none in its URLs"]
    );
}

#[test]
fn the_least_that_each_provider_needs() {
    let key = format!("{ACCOUNT}{KEY}\napi_key_secret = \"env:TOKEN\"");
    let rows = [
        ("twilio", key.as_str()),
        ("vonage", "api_key = \"a1\"\napi_secret = \"env:TOKEN\"\nfrom = \"Shop\""),
        ("plivo", "auth_id = \"MA1\"\nauth_token = \"env:TOKEN\"\npowerpack_uuid = \"a-b\""),
        ("messagebird", "access_key = \"env:TOKEN\"\nfrom = \"Shop\""),
        ("telnyx", "api_key = \"env:TOKEN\"\nmessaging_profile_id = \"a-b\""),
        ("telnyx", "api_key = \"env:TOKEN\"\nmessaging_profile_id = \"a-b\"\nfrom = \"Shop\""),
        ("sinch", "service_plan_id = \"a1\"\napi_token = \"env:TOKEN\"\nfrom = \"12345\""),
        ("aws", AWS),
        ("twilio_verify", VERIFY),
        ("http", "url = \"https://sms.example.com/send\""),
        (
            "http",
            "url = \"http://localhost:9/send\"\npreset = \"auth0\"\nsigning_secret = \"env:TOKEN\"",
        ),
        ("http", "url = \"https://sms.example.com/{{ to }}?text={{ text }}\"\nmethod = \"GET\""),
        (
            "http",
            "url = \"https://sms.example.com\"\nformat = \"form\"\nbody = \"a={{ to }}&b={{ text }}\"\nheaders = { X-Account = \"shop\" }\nauthorization = \"env:TOKEN\"",
        ),
    ];
    for (provider, keys) in rows {
        let config = read(&with(provider, keys)).unwrap_or_else(|why| panic!("{keys}\n{why}"));
        assert_eq!(
            config.providers.iter().map(ProviderSettings::name).collect::<Vec<_>>(),
            [provider]
        );
    }
}

#[test]
fn what_tables_lack_or_have_too_much_of() {
    let with_account = |keys: &str| said("twilio", &format!("{ACCOUNT}{keys}"));
    assert_eq!(with_account(KEY), ["14:11: sms.twilio.api_key: needs api_key_secret beside it"]);
    assert_eq!(
        with_account("api_key_secret = \"env:TOKEN\""),
        ["14:18: sms.twilio.api_key_secret: needs api_key beside it"]
    );
    assert_eq!(
        with_account(&format!("{KEY}\nauth_token = \"env:TOKEN\"")),
        ["14:11: sms.twilio.api_key: needs api_key_secret beside it"]
    );
    assert_eq!(
        said("plivo", "auth_id = \"MA1\"\nauth_token = \"env:TOKEN\""),
        ["11:1: sms.plivo: needs either from or powerpack_uuid"]
    );
    assert_eq!(
        said("telnyx", "api_key = \"env:TOKEN\""),
        ["11:1: sms.telnyx: needs from, messaging_profile_id, or both"]
    );
    assert_eq!(
        said("telnyx", "api_key = \"env:TOKEN\"\nfrom = \"Shop\""),
        ["13:8: sms.telnyx.from: is a name, which needs messaging_profile_id beside it"]
    );
    assert_eq!(
        said("vonage", "api_key = \"a b\"\nfrom = \"+0\"\nbase_url = \"https://10.0.0.1\""),
        [
            "11:1: sms.vonage.api_secret: is missing; write in [sms.vonage] for example `api_secret = \"env:VONAGE_API_SECRET\"`. The secret of the account: `env:NAME` or `file:PATH`.".to_owned(),
            "12:11: sms.vonage.api_key: is not 1 to 100 letters and digits".to_owned(),
            format!("13:8: sms.vonage.from: `+0` {SENDERS}"),
            "14:12: sms.vonage.base_url: 10.0.0.1 is not a public address; if that is meant, list its network in sms.allow_private".to_owned(),
        ]
    );
}

#[test]
fn private_networks_are_listed_or_refused() {
    let file = |networks: &str| {
        with("http", "url = \"https://10.0.0.1/send\"")
            .replace("[sms]\n", &format!("[sms]\nallow_private = {networks}\n"))
    };
    assert!(read(&file("[\"10.0.0.0/24\"]")).is_ok());
    assert_eq!(
        problems(&file("[\"10.1.0.0/24\"]")),
        "my.toml:13:7: sms.http.url: 10.0.0.1 is not a public address; if that is meant, list its network in sms.allow_private"
    );
    let open = problems(&file("[\"0.0.0.0/0\"]"));
    assert_eq!(
        open,
        "my.toml:10:18: sms.allow_private: `0.0.0.0/0` is every address; list the networks of your gateways"
    );
}

/// Keys of `[sms.http]` beside a good URL, and what is said of them.
const GATEWAY: &[(&str, &str)] = &[
    (
        "method = \"PATCH\"",
        "13:10: sms.http.method: `PATCH` is not a method of gateways; known: POST, PUT, GET",
    ),
    (
        "preset = \"auth1\"",
        "13:10: sms.http.preset: `auth1` is not a preset; did you mean `auth0`?",
    ),
    (
        "format = \"xml\"",
        "13:10: sms.http.format: `xml` is not a format of bodies; known: json, form",
    ),
    ("format = \"form\"", "13:10: sms.http.format: needs a body: presets are JSON"),
    (
        "body = '{\"a\": {{ text }}}'",
        "13:8: sms.http.body: does not make JSON: put strings such as \"{{ text }}\" in quotes",
    ),
    (
        "body = '{\"a\": \"{{ to }}\"}'",
        "13:8: sms.http.body: does not contain the text: add {{ text }}",
    ),
    (
        "method = \"GET\"",
        "12:7: sms.http.url: does not contain the text, and a GET has no body: add {{ text }}",
    ),
    (
        "method = \"GET\"\nbody = \"{{ text }}\"",
        "14:8: sms.http.body: is for requests with a body; with method GET, put all values into url",
    ),
    (
        "preset = \"auth0\"\nbody = '\"{{ text }}\"'",
        "14:8: sms.http.body: conflicts with preset; keep one of the two",
    ),
    (
        "signing_secret = \"env:SHORT\"",
        "13:18: sms.http.signing_secret: refers to a secret of fewer than 24 bytes",
    ),
    (
        "headers = { Host = \"x\" }",
        "13:13: sms.http.headers.Host: is a header that each request has anyway",
    ),
    (
        "headers = { \"a b\" = \"x\" }",
        "13:13: sms.http.headers.\"a b\": `\"a b\"` is not the name of a header",
    ),
    (
        "headers = { X-Key = \"env:TOKEN\" }",
        "13:13: sms.http.headers.X-Key: may not be a secret; that belongs into authorization",
    ),
    (
        "headers = { X-Phone = \"{{ phone }}\" }",
        "13:13: sms.http.headers.X-Phone: Unknown variable; requested variable=phone",
    ),
    (
        "headers = { X-Text = \"{{ text }}\\n\" }",
        "13:13: sms.http.headers.X-Text: is not the value of a header",
    ),
];

#[test]
fn templates_of_a_gateway_are_tried() {
    let gateway =
        |keys: &str| said("http", &format!("url = \"https://sms.example.com/send\"\n{keys}"));
    for (keys, expected) in GATEWAY {
        let told = gateway(keys);
        // Where inline tables stand differs by parser; what is said does not.
        let same = |line: &String| line.split_once(": ").map(|(_, text)| text.to_owned());
        assert_eq!(
            told.iter().filter_map(same).collect::<Vec<_>>(),
            [expected.split_once(": ").unwrap().1]
        );
    }
    let unknown = gateway("body = '{\"a\": \"{{ code }}\"}'");
    assert!(unknown[0].contains("sms.http.body") && unknown[0].contains("code"), "{unknown:?}");
    for (url, why) in [
        ("https://{{ to_digits }}.example.com/", "has a host that depends on the text"),
        (
            "http://sms.example.com/",
            "must be https://sms.example.com; plain http is only for localhost",
        ),
        (
            "https://me:pw@sms.example.com/",
            "may not have a user or fragment; credentials go into authorization",
        ),
        ("sms.example.com", "is not a URL such as https://sms.example.com/send"),
        ("https://sms.example.com/{{ code }}", "Unknown variable; requested variable=code"),
    ] {
        let told = said("http", &format!("url = \"{url}\""));
        assert_eq!(told, [format!("12:7: sms.http.url: {why}")]);
    }
}

#[test]
fn routes_name_served_countries_and_listed_providers_once() {
    let file = |routes: &str| changed(&[("\n[[user]]", &format!("{routes}\n[[user]]"))]);
    let good = "[[sms.route]]\ncountries = [\"GB\"]\nproviders = [\"twilio\"]\n";
    let all = "[[sms.route]]\nproviders = [\"twilio\"]\n";
    let config = read(&file(&format!("{good}{all}"))).unwrap();
    let countries = config.sms_routes.iter().map(|route| route.countries.is_some());
    assert_eq!(countries.collect::<Vec<_>>(), [true, false]);

    let bad =
        "[[sms.route]]\ncountries = [\"GB\", \"FR\", \"uk\"]\nproviders = [\"plivo\", \"twilo\"]\n";
    assert_eq!(
        problems(&file(&format!("{good}{bad}{all}{all}"))),
        "my.toml:19:14: sms.route[2].countries: GB is in an earlier route, which decides\n\
         my.toml:19:20: sms.route[2].countries: FR is not in login.countries\n\
         my.toml:19:26: sms.route[2].countries: `uk` is not the two letters of a country, such as GB\n\
         my.toml:20:14: sms.route[2].providers: `plivo` is not in sms.providers; known: twilio\n\
         my.toml:20:23: sms.route[2].providers: `twilo` is not in sms.providers; did you mean `twilio`?\n\
         my.toml:23:1: sms.route[4]: never decides: the route before it is for every login"
    );
}

#[test]
fn routes_name_clients_that_there_are() {
    let clients =
        "[[client]]\nid = \"shop\"\nname = \"Shop\"\n[[client]]\nid = \"desk\"\nname = \"Desk\"\n";
    let file = |routes: &str| changed(&[("\n[[user]]", &format!("{clients}{routes}\n[[user]]"))]);
    let route = |conditions: &str| format!("[[sms.route]]\n{conditions}providers = [\"twilio\"]\n");
    let good = route("clients = [\"shop\", \"@sites\"]\ncountries = [\"GB\"]\n");
    let later = route("clients = [\"shop\"]\n") + &route("countries = [\"GB\"]\n");
    let config = read(&file(&format!("{good}{later}"))).unwrap();
    let of = |id: &str| Some(doorcode::domain::ClientId::parse(id).unwrap());
    let clients = config.sms_routes.iter().map(|route| route.clients.clone());
    let expected = [Some(vec![of("shop"), None]), Some(vec![of("shop")]), None];
    assert_eq!(clients.collect::<Vec<_>>(), expected);

    let bad = route("clients = [\"shop\", \"shpo\", \"@site\", \"desk\", \"desk\"]\n");
    assert_eq!(
        problems(&file(&format!("{later}{bad}"))),
        "my.toml:28:12: sms.route[3].clients: shop is in an earlier route, which decides\n\
         my.toml:28:20: sms.route[3].clients: `shpo` is not the id of a [[client]]; did you mean `shop`?\n\
         my.toml:28:28: sms.route[3].clients: `@site` is not the id of a [[client]]; did you mean `@sites`?\n\
         my.toml:28:45: sms.route[3].clients: `desk` is listed twice"
    );
}

#[test]
fn the_number_for_start_is_one_that_can_be_texted_of_a_provider_of_texts() {
    let set = |numbers: &str| {
        changed(&[("[sms.twilio]", &format!("[sms.start_numbers]\n{numbers}\n[sms.twilio]"))])
    };
    assert_eq!(
        problems(&set("twilio = \"Shop\"\nplivo = \"12345\"")),
        "my.toml:12:10: sms.start_numbers.twilio: `Shop` is neither a number such as +12025550123, nor a short code\n\
         my.toml:13:9: sms.start_numbers.plivo: `plivo` is not a provider of texts in sms.providers; known: twilio"
    );
    let own = read(&changed(&[])).unwrap().login;
    assert_eq!(own.start_number(Some("twilio")), Some("+1 202-555-0123"));
    let other = read(&set("twilio = \"12345\"")).unwrap().login;
    assert_eq!(other.start_number(Some("twilio")), Some("12345"));
}
