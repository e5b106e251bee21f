//! Diagnoses: what each kind of fault says, what the facts do to it, and that no name breaks out of a command.
//!
//! `UPDATE=1 cargo test --test diagnose` writes the snapshots anew; read their difference before you keep it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use badgateway::diagnose::{self, Context, Deployment, Diagnosis, Place, diagnose};
use badgateway::exchange::{Exchange, RequestBody};
use badgateway::fault::{Class, Code, Evidence, Fault, FaultKind, Phase};

fn snapshot(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnose").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    let then = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    if let Some((n, (was, is))) = then.lines().zip(now.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{name}, line {}:\n- {was}\n+ {is}\nUPDATE=1 writes it anew", n + 1);
    }
    assert_eq!(then.lines().count(), now.lines().count(), "{name}: UPDATE=1 writes it anew");
}

fn rule(title: &str) -> String {
    format!("\n{:=<80}\n\n", format!("==== {title} "))
}

#[test]
fn every_kind_as_it_reads() {
    let mut text = String::from("Every kind of fault, with nothing known about the exchange.\n");
    for &kind in FaultKind::ALL {
        let _ = write!(text, "{}{}", rule(kind.as_str()), diagnose::kind(kind));
    }
    snapshot("all.txt", &text);
}

#[test]
fn every_status_as_it_reads() {
    let mut text = String::from("What the statuses of gateways mean.\n");
    for code in diagnose::statuses() {
        let _ = write!(text, "{}{}", rule(&code.to_string()), diagnose::status(code).unwrap());
    }
    snapshot("statuses.txt", &text);
}

/// A night's faults: a title, the fault, the exchange, what else is known.
type Case = (&'static str, Fault, fn(&mut Exchange), Context<'static>);

fn cases() -> Vec<Case> {
    let none = Context::default;
    let mut cases: Vec<Case> = vec![
        (
            "a service that is down",
            Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111)),
            |e| {
                e.next_hop = Some("10.0.0.7:8080".into());
                e.elapsed = Some(Duration::from_millis(2));
            },
            none(),
        ),
        (
            "the same in Docker, on loopback",
            Fault::new(FaultKind::ConnectionRefused),
            |e| e.next_hop = Some("localhost:3000".into()),
            {
                let mut context = none();
                context.deployment = Deployment::Docker;
                context.unit = Some("shop-web");
                context
            },
        ),
        (
            "the keep-alive race",
            Fault::new(FaultKind::ClosedBeforeResponse).with_received(0),
            |e| {
                e.method = http::Method::POST;
                e.path = Some("/pay?id=7&x='y'".parse().unwrap());
                e.next_hop = Some("orders.internal:8080".into());
                e.reused = Some(true);
                e.sent = Some(412);
                e.received = Some(0);
                e.elapsed = Some(Duration::from_millis(3));
            },
            {
                let mut context = none();
                context.deployment = Deployment::Kubernetes;
                context.unit = Some("orders");
                context.namespace = Some("shop");
                context
            },
        ),
        (
            "a worker killed after 30 s",
            Fault::new(FaultKind::ClosedBeforeResponse),
            |e| {
                e.request_body = RequestBody::None;
                e.next_hop = Some("[2001:db8::7]:8000".into());
                e.reused = Some(false);
                e.elapsed = Some(Duration::from_millis(30_110));
            },
            none(),
        ),
        (
            "nginx gave up after 60 s",
            Fault::new(FaultKind::ResponseTimeout),
            |e| {
                e.request_body = RequestBody::None;
                e.path = Some("/report".parse().unwrap());
                e.next_hop = Some("http://10.0.0.9:9000".into());
                e.elapsed = Some(Duration::from_millis(60_040));
            },
            {
                let mut context = none();
                context.proxy = Some("nginx");
                context
            },
        ),
        (
            "no certificate for that name",
            Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(112)),
            |e| e.next_hop = Some("203.0.113.9:443".into()),
            {
                let mut context = none();
                context.server_name = Some("shop.example");
                context
            },
        ),
        (
            "TLS spoken to in plain",
            Fault::of_class(Class::NotHttpTlsAlert).with_offset(0),
            |e| e.next_hop = Some("app:8443".into()),
            none(),
        ),
        (
            "a database where the application should be",
            Fault::of_class(Class::NotHttpMysql).with_offset(0),
            |e| e.next_hop = Some("app:3306".into()),
            none(),
        ),
        (
            "no local port left",
            Fault::new(FaultKind::LocalExhausted).with_code(Code::Errno(99)),
            |e| e.next_hop = Some("10.0.0.7:80".into()),
            none(),
        ),
        (
            "a body cut behind its head",
            Fault::of_class(Class::PrematureEofContentLengthBody).with_expected(100).with_received(60),
            |e| {
                e.next_hop = Some("files:80".into());
                e.forwarded = badgateway::exchange::Forwarded::Head {
                    status: http::StatusCode::OK,
                    framing: badgateway::exchange::BodyFraming::Length,
                };
            },
            none(),
        ),
        (
            "a socket whose server is gone",
            Fault::new(FaultKind::ConnectionRefused),
            |e| e.next_hop = Some("unix:/run/php/php8.2-fpm.sock".into()),
            none(),
        ),
    ];
    // Error numbers are read as the system has them.
    if !cfg!(target_os = "linux") {
        cases.retain(|(_, fault, _, _)| !matches!(fault.code(), Some(Code::Errno(_))));
    }
    cases
}

fn diagnosed((_, fault, set, context): &Case) -> Diagnosis {
    let mut exchange = Exchange::default();
    set(&mut exchange);
    let evidence = match fault.class() {
        Some(Class::NotHttpTlsAlert) => Evidence::new().with_first_bytes(b"\x15\x03\x03\0\x02\x02\x46"),
        Some(Class::NotHttpMysql) => Evidence::new().with_first_bytes(b"J\0\0\0\x0a8.0.36\0"),
        _ => Evidence::new(),
    };
    diagnose(fault, &exchange, &evidence, context)
}

#[cfg(target_os = "linux")]
#[test]
fn a_night_as_it_reads() {
    let mut text = String::from("Faults with what was known of them.\n");
    for case in cases() {
        let _ = write!(text, "{}{}", rule(case.0), diagnosed(&case));
    }
    snapshot("cases.txt", &text);
}

/// What the facts do to the causes: the first cause, and one that must not be there any more.
#[test]
fn facts_order_the_causes() {
    let first = |fault: Fault, set: fn(&mut Exchange)| {
        let mut exchange = Exchange::default();
        set(&mut exchange);
        diagnose(&fault, &exchange, &Evidence::new(), &Context::default()).causes
    };
    let alert = |n| Fault::new(FaultKind::TlsAlert).with_code(Code::TlsAlert(n));
    let h2 = |n| Fault::new(FaultKind::StreamReset).with_code(Code::H2(n));
    let page = |status| Fault::of_class(Class::GrpcContentType).with_code(Code::Status(status));
    let closed = Fault::new(FaultKind::ClosedBeforeResponse);
    type Row = (Fault, fn(&mut Exchange), &'static str, &'static str);
    let rows: &[Row] = &[
        (closed, |e| e.reused = Some(true), "The keep-alive race", "The port expects something else"),
        (closed, |e| e.reused = Some(false), "A supervisor killed the worker", "The keep-alive race"),
        (closed, |e| e.elapsed = Some(Duration::from_secs(30)), "It was cut after 30.0 s", "proxy_read_timeout"),
        (alert(40), |_| (), "handshake_failure (40)", "protocol_version (70)"),
        (alert(70), |_| (), "protocol_version (70)", "handshake_failure (40)"),
        (alert(112), |_| (), "unrecognized_name (112)", "certificate_required (116)"),
        (alert(116), |_| (), "certificate_required (116)", "unrecognized_name (112)"),
        (alert(45), |_| (), "The server does not accept the gateway's client certificate", "unknown_ca"),
        (alert(255), |_| (), "The gateway calls the server by another name", "(40)"),
        (h2(8), |_| (), "CANCEL", "INTERNAL_ERROR"),
        (Fault::of_class(Class::NotHttpSsh), |_| (), "The port is an SSH server's", "Redis"),
        (Fault::of_class(Class::NotHttpMysql), |_| (), "The port is a database server's", "Redis"),
        (Fault::of_class(Class::NotHttpMemcached), |_| (), "The port is a cache's", "database server's"),
        (Fault::of_class(Class::NotHttpFtp), |_| (), "The port is a mail or file server's", "names itself"),
        (Fault::of_class(Class::NotHttpHttp2Goaway), |_| (), "The next hop speaks HTTP/2 only", "names itself"),
        (Fault::of_class(Class::NotHttpRtsp), |_| (), "The port speaks a relative of HTTP", "broker"),
        (Fault::of_class(Class::ChunkSizeNegative), |_| (), "The body is not chunked at all", "programming language"),
        (Fault::of_class(Class::ChunkSize0x), |_| (), "The body is not chunked at all", "negative"),
        (Fault::of_class(Class::ChunkSizeInvalid), |_| (), "The body is not chunked at all", "The size is"),
        (Fault::of_class(Class::FramingTeCompressed), |_| (), "The content is compressed", "identity"),
        (Fault::of_class(Class::FramingTeIdentity), |_| (), "identity, which was", "compressed"),
        (Fault::of_class(Class::HeaderStatusLine), |_| (), "There are two status lines", "folded"),
        (Fault::of_class(Class::HeaderNoColon), |_| (), "A line of the header section", "two status lines"),
        (Fault::of_class(Class::TimeoutAfterInterim), |_| (), "An interim response", "byte at a time"),
        (page(503), |_| (), "A proxy or load balancer on the way answered", "its timeout is shorter"),
        (page(404), |_| (), "Nothing on the way knows the path", "A rate limit"),
        (page(200), |_| (), "A web application answered", "marked as gRPC"),
        (page(500), |_| (), "It speaks gRPC-Web", "A web application answered"),
        (Fault::of_class(Class::GrpcStatusMissing), |_| (), "Something on the way drops the trailers", "Two layers"),
        (Fault::of_class(Class::GrpcStatusInvalid), |_| (), "grpc-status holds a word", "drops the trailers"),
        (Fault::of_class(Class::FramingClAndTe), |_| (), "Content-Length and Transfer-Encoding", "twice"),
        (Fault::of_class(Class::FramingClNegative), |_| (), "Content-Length is negative", "twice"),
        (Fault::of_class(Class::FramingClPlus), |_| (), "Content-Length is no number", "negative"),
        (Fault::new(FaultKind::NotHttp), |e| e.next_hop = Some("a:443".into()), "The port is one where TLS", "PHP-FPM"),
        (
            Fault::new(FaultKind::DnsNotFound).with_code(Code::DnsRcode(3)),
            |_| (),
            "NXDOMAIN",
            "has no record of the type",
        ),
        (
            Fault::new(FaultKind::ConnectionRefused),
            |e| e.next_hop = Some("10.0.0.7:80".into()),
            "The service is down",
            "loopback",
        ),
        (
            Fault::new(FaultKind::ResponseTimeout),
            |e| e.elapsed = Some(Duration::from_millis(29_010)),
            "It was given up after 29.0 s",
            "gunicorn",
        ),
        (
            Fault::new(FaultKind::ResponseTimeout),
            |e| e.elapsed = Some(Duration::from_secs(41)),
            "A slow query",
            "given up",
        ),
    ];
    for (fault, set, want, gone) in rows {
        let causes = first(*fault, *set);
        assert!(causes[0].text.starts_with(want), "{fault:?}: {}", causes[0].text);
        assert!(!causes.iter().any(|cause| cause.text.contains(gone)), "{fault:?}: {gone}");
        // What something speaks for stands before what nothing speaks for.
        assert!(causes.is_sorted_by_key(|cause| !cause.supported), "{fault:?}");
    }
    #[cfg(target_os = "linux")]
    for (kind, errno, want) in [
        (FaultKind::LocalExhausted, 24, "EMFILE"),
        (FaultKind::LocalExhausted, 99, "EADDRNOTAVAIL"),
        (FaultKind::LocalExhausted, 11, "EAGAIN"),
        (FaultKind::Unreachable, 113, "EHOSTUNREACH"),
        (FaultKind::Unreachable, 101, "ENETUNREACH"),
        (FaultKind::ConnectDenied, 1, "EPERM"),
        (FaultKind::ConnectDenied, 13, "EACCES"),
        (FaultKind::ConnectDenied, 22, "EINVAL"),
    ] {
        let causes = first(Fault::new(kind).with_code(Code::Errno(errno)), |_| ());
        assert!(causes[0].supported && causes[0].text.starts_with(want), "{}", causes[0].text);
        assert!(!causes.iter().skip(1).any(|cause| cause.supported), "{want}");
    }
}

#[test]
fn what_fits_a_class_fits_its_cases() {
    let supported = |class| -> BTreeSet<String> {
        let fault = Fault::of_class(class);
        let diagnosis = diagnose(&fault, &Exchange::default(), &Evidence::new(), &Context::default());
        diagnosis.causes.into_iter().filter(|cause| cause.supported).map(|cause| cause.text.into_owned()).collect()
    };
    for &class in Class::ALL {
        assert!(supported(class.general()).is_subset(&supported(class)), "{class}");
    }
}

#[test]
fn warnings_depend_on_the_request() {
    let fault = Fault::new(FaultKind::ResponseTimeout);
    let warned = |method| {
        let mut exchange = Exchange::default();
        exchange.method = method;
        let warnings = diagnose(&fault, &exchange, &Evidence::new(), &Context::default()).avoid;
        assert!(warnings.iter().any(|w| w.starts_with("Do not just raise the timeout")));
        warnings.iter().any(|w| w.starts_with("Do not send this request again"))
    };
    assert!(warned(http::Method::POST));
    assert!(!warned(http::Method::GET));
    // With nothing known, every warning is told.
    assert!(diagnose::kind(FaultKind::ResponseTimeout).avoid.len() > 1);
}

#[test]
fn every_kind_helps() {
    let mut sentences = BTreeSet::new();
    for &kind in FaultKind::ALL {
        let diagnosis = diagnose::kind(kind);
        assert_eq!((diagnosis.kind, diagnosis.phase), (Some(kind), Some(kind.phase())));
        assert!(!diagnosis.causes.is_empty(), "{kind}");
        assert!(!diagnosis.steps.is_empty(), "{kind}");
        assert!(!diagnosis.causes.iter().any(|cause| cause.supported), "{kind}: nothing is known");
        assert!(sentences.insert(diagnosis.summary.clone()), "{kind}: {}", diagnosis.summary);
        let texts = diagnosis.causes.iter().map(|cause| cause.text.as_ref());
        let texts = texts.chain(diagnosis.steps.iter().map(|step| step.why)).chain(diagnosis.avoid.iter().copied());
        let mut own = BTreeSet::new();
        for text in texts.chain([diagnosis.summary.as_str()]) {
            assert!(text.ends_with(['.', '?']) && text.is_ascii() && text.len() <= 300, "{kind}: {text}");
            assert!(own.insert(text), "{kind} says twice: {text}");
        }
    }
}

#[test]
fn lines_have_80_columns() {
    let all = FaultKind::ALL.iter().map(|&kind| diagnose::kind(kind));
    for diagnosis in all.chain(diagnose::statuses().filter_map(diagnose::status)) {
        for line in diagnosis.to_string().lines() {
            let command = diagnosis.steps.iter().any(|step| line.trim_start() == step.command);
            assert!(command || line.chars().count() <= 80, "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }
}

/// Values that somebody may have meant badly. Each would write a file named `canary` if it got out.
const HOSTILE: &[&str] = &[
    "$(printf x >canary)",
    "`printf x >canary`",
    "a;printf x >canary;",
    "a\nprintf x >canary\n",
    "a' ; printf x >canary ; '",
    "a\" ; printf x >canary ; \"",
    "a|printf x >canary",
    "a&&printf x >canary",
    "a >canary",
    "-K/etc/passwd >canary",
    "${IFS}>canary",
    "a\\';printf x >canary;'",
    "{host}>canary",
    "~root*?[a-z]!!#",
    "\u{202e}\u{0}\u{1b}[2J",
];

/// Every command for these facts, each once.
fn commands(exchange: &Exchange, context: &Context<'_>) -> BTreeSet<String> {
    FaultKind::ALL
        .iter()
        .flat_map(|&kind| diagnose(&Fault::new(kind), exchange, &Evidence::new(), context).steps)
        .map(|step| step.command)
        .collect()
}

/// Runs commands in a shell that finds no program, so that nothing but the shell itself acts, and with
/// `curl`, `openssl`, `dig` and `nc` as functions that print their words. Gives what was printed.
#[cfg(unix)]
fn words(commands: &BTreeSet<String>, dir: &Path) -> Vec<String> {
    let mut script = String::from("PATH=/nowhere\nexec 3>words\ntimeout() { shift; \"$@\"; }\n");
    for name in ["curl", "openssl", "dig", "nc", "getent"] {
        let _ = writeln!(script, "{name}() {{ printf '%s\\n' \"$@\" >&3; }}");
    }
    for command in commands {
        assert!(!command.contains(['\n', '\r', '\0']), "{command:?}");
        let _ = writeln!(script, "{command}");
    }
    let file = dir.join("script");
    fs::write(&file, script).unwrap();
    let checked = Command::new("sh").arg("-n").arg(&file).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    Command::new("sh").arg(&file).current_dir(dir).output().unwrap();
    fs::read_to_string(dir.join("words")).unwrap().lines().map(str::to_owned).collect()
}

#[cfg(unix)]
fn scratch(name: &str) -> std::path::PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[cfg(unix)]
#[test]
fn no_name_breaks_out_of_a_command() {
    let dir = scratch("diagnose_hostile");
    let long = "a".repeat(10 << 10);
    let spliced = format!("{long};printf x >canary");
    for value in HOSTILE.iter().copied().chain([long.as_str(), spliced.as_str()]) {
        let mut exchange = Exchange::default();
        exchange.next_hop = Some(value.to_owned().into());
        let everywhere = |deployment| {
            let mut context = Context::default();
            context.path = Some(value);
            context.server_name = Some(value);
            context.unit = Some(value);
            context.namespace = Some(value);
            context.deployment = deployment;
            context
        };
        for deployment in [Deployment::Systemd, Deployment::Docker, Deployment::Kubernetes, Deployment::Aws] {
            let commands = commands(&exchange, &everywhere(deployment));
            let words = words(&commands, &dir);
            assert!(!dir.join("canary").exists(), "{value:?} got out");
            // A URL is one word, and nothing in it is what a terminal would act on.
            assert!(words.iter().any(|word| word.starts_with("http://")), "{words:?}");
            assert!(words.iter().all(|word| word.bytes().all(|b| (0x20..0x7f).contains(&b))), "{words:?}");
            assert!(commands.iter().all(|command| command.len() < 2048));
        }
        // The same in each place alone, where the others are sound.
        for n in 0..5 {
            let mut context = Context::default();
            context.host = Some(if n == 0 { value } else { "app" });
            context.port = Some(80);
            context.path = Some(if n == 1 { value } else { "/" });
            context.server_name = Some(if n == 2 { value } else { "name" });
            context.unit = Some(if n == 3 { value } else { "unit" });
            context.namespace = Some(if n == 4 { value } else { "space" });
            context.deployment = Deployment::Kubernetes;
            words(&commands(&Exchange::default(), &context), &dir);
            assert!(!dir.join("canary").exists(), "{value:?} got out of place {n}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_shell_that_is_broken_into_is_found_out() {
    let dir = scratch("diagnose_canary");
    words(&BTreeSet::from([format!("curl http://{}/", HOSTILE[0])]), &dir);
    assert!(dir.join("canary").exists());
}

#[cfg(unix)]
#[test]
fn the_path_arrives_as_it_was() {
    let dir = scratch("diagnose_path");
    for path in ["/a?b=1&c=2", "/it's", "/a$b`c`", "/{x}[1-3]", "/a/../b", "/a\"b\\c", "/%41;b#c", "/~x!y*z"] {
        let mut context = Context::default();
        (context.host, context.port, context.tls, context.path) = (Some("app"), Some(8080), Some(false), Some(path));
        let words = words(&commands(&Exchange::default(), &context), &dir);
        assert!(words.contains(&format!("http://app:8080{path}")), "{path}: {words:?}");
        assert_eq!(words.iter().any(|word| word == "--globoff"), path.contains(['[', '{']), "{path}");
        assert_eq!(words.iter().any(|word| word == "--path-as-is"), path.contains("/."), "{path}");
    }
}

#[test]
fn what_a_peer_wrote_stays_where_it_is_marked() {
    let evil = "EVIL\u{1b}]0;x\u{7}<script>";
    for &kind in FaultKind::ALL {
        let mut exchange = Exchange::default();
        exchange.next_hop = Some(evil.into());
        exchange.next_protocol = Some(evil.into());
        exchange.elapsed = Some(Duration::from_secs(60));
        let evidence = Evidence::new().with_text("note", evil).with_first_bytes(evil.as_bytes());
        let mut context = Context::default();
        (context.server_name, context.unit, context.proxy) = (Some(evil), Some(evil), Some(evil));
        let diagnosis = diagnose(&Fault::new(kind), &exchange, &evidence, &context);
        let told = diagnosis.evidence.iter().filter(|fact| !fact.trusted).map(|fact| fact.value.as_ref());
        let told = told.chain(diagnosis.causes.iter().map(|cause| cause.text.as_ref()));
        let told = told.chain(diagnosis.settings.iter().map(|setting| setting.default.as_ref()));
        assert!(told.chain(diagnosis.avoid.iter().copied()).all(|text| !text.contains("EVIL")), "{kind}");
        assert!(diagnosis.evidence.iter().any(|fact| fact.trusted && fact.value.contains("EVIL")));
        let text = diagnosis.to_string();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{kind}");
        // Nobody can add lines: only as many as there are, wrapped.
        assert!(text.len() < 20_000, "{kind}: {}", text.len());
    }
}

/// A value of JSON, read strictly (RFC 8259).
#[derive(Debug, PartialEq)]
enum Json {
    Word(&'static str),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

fn read(s: &mut &str) -> Json {
    fn take(s: &mut &str, word: &str) -> bool {
        s.strip_prefix(word).map(|rest| *s = rest).is_some()
    }
    fn text(s: &mut &str) -> String {
        assert!(take(s, "\""), "{s}");
        let mut out = String::new();
        loop {
            let c = s.chars().next().unwrap();
            *s = &s[c.len_utf8()..];
            match c {
                '"' => return out,
                '\\' => {
                    let kind = s.chars().next().unwrap();
                    *s = &s[1..];
                    out.push(match kind {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => {
                            let code = u32::from_str_radix(&s[..4], 16).unwrap();
                            *s = &s[4..];
                            char::from_u32(code).unwrap()
                        }
                        '"' | '\\' | '/' => kind,
                        other => panic!("escape {other}"),
                    });
                }
                c => {
                    assert!(c >= ' ');
                    out.push(c);
                }
            }
        }
    }
    for word in ["null", "true", "false"] {
        if take(s, word) {
            return Json::Word(word);
        }
    }
    if take(s, "[") {
        let mut list = Vec::new();
        while !take(s, "]") {
            assert!(list.is_empty() || take(s, ","), "{s}");
            list.push(read(s));
        }
        return Json::List(list);
    }
    if take(s, "{") {
        let mut members = Vec::new();
        while !take(s, "}") {
            assert!(members.is_empty() || take(s, ","), "{s}");
            let name = text(s);
            assert!(take(s, ":"), "{s}");
            members.push((name, read(s)));
        }
        return Json::Object(members);
    }
    Json::Text(text(s))
}

#[test]
fn the_json_says_the_same() {
    let leading = [("dialect", Some("ng\"inx")), ("proxy_status", None)];
    for case in cases() {
        let diagnosis = diagnosed(&case);
        let line = diagnosis.json().with_leading(&leading).to_string();
        assert!(!line.contains('\n'));
        let mut rest = line.as_str();
        let Json::Object(members) = read(&mut rest) else { panic!("{line}") };
        assert_eq!(rest, "");
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "dialect",
                "proxy_status",
                "fault",
                "class",
                "phase",
                "summary",
                "evidence",
                "causes",
                "next_steps",
                "settings",
                "avoid",
                "lasting",
                "placeholders"
            ]
        );
        assert_eq!(members[0].1, Json::Text("ng\"inx".into()));
        assert_eq!(members[1].1, Json::Word("null"));
        assert_eq!(members[2].1, Json::Text(diagnosis.kind.unwrap().as_str().into()));
        assert_eq!(members[5].1, Json::Text(diagnosis.summary.clone()));
        let Json::List(steps) = &members[8].1 else { panic!("{line}") };
        assert_eq!(steps.len(), diagnosis.steps.len());
        for (json, step) in steps.iter().zip(&diagnosis.steps) {
            let text = |text: &str| Json::Text(text.into());
            let want = [
                ("where".into(), text(step.place.as_str())),
                ("deployment".into(), text(step.deployment.as_str())),
                ("why".into(), text(step.why)),
                ("command".into(), text(&step.command)),
            ];
            assert_eq!(*json, Json::Object(want.into()));
        }
        let Json::List(causes) = &members[7].1 else { panic!("{line}") };
        assert_eq!(causes.len(), diagnosis.causes.len());
    }
}

#[test]
fn deployments_pick_the_commands() {
    let tools =
        [(Deployment::Systemd, "systemctl"), (Deployment::Docker, "docker"), (Deployment::Kubernetes, "kubectl")];
    let run = |deployment| {
        let mut context = Context::default();
        (context.deployment, context.unit) = (deployment, Some("shop"));
        diagnose(&Fault::new(FaultKind::ConnectionRefused), &Exchange::default(), &Evidence::new(), &context).steps
    };
    for (deployment, _) in tools {
        let steps = run(deployment);
        for (other, tool) in tools {
            let found = steps.iter().any(|step| step.command.starts_with(tool));
            assert_eq!(found, other == deployment, "{tool} for {deployment:?}");
        }
        assert!(steps.iter().any(|step| step.command.contains("shop")));
    }
    let all = run(Deployment::Unknown);
    assert!(tools.iter().all(|(_, tool)| all.iter().any(|step| step.command.starts_with(tool))));
    // A unit says nothing as long as nobody knows whose it is.
    assert!(all.iter().all(|step| !step.command.contains("shop")));
    assert!(all.iter().any(|step| step.place == Place::NextHop));
}

#[test]
fn statuses_are_known_or_not() {
    let known: Vec<u16> = (0..=u16::MAX).filter(|&code| diagnose::status(code).is_some()).collect();
    assert_eq!(known, [499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530]);
    assert_eq!(known, diagnose::statuses().collect::<Vec<_>>());
    for &kind in FaultKind::ALL {
        for code in [kind.status(), kind.cloudflare()].into_iter().filter(|&code| code == 499 || code >= 500) {
            let status = diagnose::status(code).unwrap();
            let phase = format!("{}: ", kind.phase().as_str());
            let mut kinds = status.evidence.iter().filter(|fact| fact.name == "kinds");
            let of_phase = kinds.find_map(|fact| fact.value.strip_prefix(&phase)).unwrap();
            assert!(of_phase.split(", ").any(|name| name == kind.as_str()), "{kind} is not under {code}");
        }
    }
}

#[test]
fn a_phase_of_its_own_is_told() {
    // A reset in the handshake is another thing than one in the body; the fault's own phase is what counts.
    let fault = Fault::new(FaultKind::TlsAlert).at(Phase::Head).with_code(Code::TlsAlert(116));
    let diagnosis = diagnose(&fault, &Exchange::default(), &Evidence::new(), &Context::default());
    assert_eq!(diagnosis.phase, Some(Phase::Head));
    assert!(diagnosis.evidence.iter().any(|fact| fact.name == "TLS alert" && fact.value == "116 certificate_required"));
}

/// A client for HTTP is of no use where the next hop speaks something else, and a port where it is a socket.
#[test]
fn the_protocol_decides_the_commands() {
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &[&str]); 7] = [
        ("fastcgi://10.0.0.7:9000",
            &["cgi-fcgi -bind -connect 10.0.0.7:9000", "grep -rnE '^ *(listen|pm|", "ss -ltnp 'sport = :9000'"], &["curl", "http://"]),
        ("fastcgi://unix:/run/php/php8.2-fpm.sock",
            &["cgi-fcgi -bind -connect /run/php/php8.2-fpm.sock", "ls -l /run/php/php8.2-fpm.sock", "namei -l /run/php/php8.2-fpm.sock", "ss -Hlxp src /run/php/php8.2-fpm.sock"],
            &["curl", "nc -vz", "sport"]),
        ("uwsgi://[::1]:6667", &["uwsgi_curl '[::1]:6667'"], &[" curl ", "cgi-fcgi"]),
        ("ajp://app:8009", &["nmap -Pn -p 8009 --script ajp-request app"], &["curl"]),
        ("scgi://app:4000", &["ss -ltnp 'sport = :4000'"], &["curl", "cgi-fcgi"]),
        ("grpc://app:50051", &["grpcurl -plaintext --max-time 10 app:50051 list"], &["http://app:50051"]),
        ("http://unix:/run/app.sock", &["curl -sv -o /dev/null --connect-timeout 5 --max-time 30 --unix-socket /run/app.sock"], &["cgi-fcgi", "nc -vz"]),
    ];
    for (hop, with, without) in cases {
        let mut exchange = Exchange::default();
        exchange.next_hop = Some(hop.into());
        for kind in [FaultKind::ConnectionRefused, FaultKind::ClosedBeforeResponse, FaultKind::ResponseTimeout] {
            let found = diagnose(&Fault::new(kind), &exchange, &Evidence::new(), &Context::default());
            let commands: Vec<&str> = found.steps.iter().map(|step| step.command.as_str()).collect();
            for wanted in with.iter().filter(|_| kind == FaultKind::ConnectionRefused) {
                assert!(
                    commands.iter().any(|command| command.contains(wanted)),
                    "{hop} {kind} {wanted}: {commands:#?}"
                );
            }
            for unwanted in without {
                assert!(
                    !commands.iter().any(|command| command.contains(unwanted)),
                    "{hop} {kind} {unwanted}: {commands:#?}"
                );
            }
            assert!(!found.summary.contains("://"), "{}", found.summary);
        }
    }
    // Nobody binds a socket to 0.0.0.0.
    let mut exchange = Exchange::default();
    exchange.next_hop = Some("unix:/run/app.sock".into());
    let found = diagnose(&Fault::new(FaultKind::ConnectionRefused), &exchange, &Evidence::new(), &Context::default());
    assert!(found.causes.iter().all(|cause| !cause.text.contains("0.0.0.0")));
    assert!(found.causes[0].supported && found.causes[0].text.contains(" path "), "{:?}", found.causes[0]);
}

/// What to build against it stands last, and of what is not the next hop's there is nothing to build.
#[test]
fn so_that_it_does_not_come_back() {
    let text = diagnose::kind(FaultKind::ClosedBeforeResponse).to_string();
    let (_, last) = text.split_once("\nSo that it does not come back\n").unwrap();
    assert!(last.starts_with("  - Stop gracefully: "), "{last}");
    assert!(diagnose::kind(FaultKind::ClientAborted).lasting.is_empty());
    for &kind in FaultKind::ALL {
        let lasting = diagnose::kind(kind).lasting;
        assert!(lasting.len() <= 5 && lasting.iter().all(|advice| advice.ends_with('.')), "{kind}: {lasting:?}");
    }
}
