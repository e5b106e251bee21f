//! The pages that are looked at: by the snapshots here, and in a browser by `.ci/page`.

use std::time::{Duration, SystemTime};

use badgateway::diagnose::{Context, Deployment};
use badgateway::exchange::RequestBody;
use badgateway::fault::{Class, Code, Evidence};
use badgateway::reply::{Disclosure, Page, Strings};
use badgateway::{Exchange, Fault, FaultKind, Gateway};
use bytes::Bytes;
use http::{HeaderValue, Method, Response};

pub(crate) const REFERENCE: &str = "01J9Z3N5Q8R7T6V4W2X1Y0ABCD";

/// A GET of a browser, at a certain time.
pub(crate) fn get() -> Exchange {
    let mut exchange = Exchange::default();
    exchange.request_body = RequestBody::None;
    exchange.accept = Some(HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"));
    exchange.time = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_273_344));
    exchange.reference = Some(REFERENCE.into());
    exchange.next_hop = Some("orders.shop.internal:8080".into());
    exchange
}

pub(crate) fn gateway(disclosure: Disclosure) -> Gateway {
    Gateway::new("edge-1.example").unwrap().with_disclosure(disclosure)
}

pub(crate) fn body(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

/// Every case with its name.
pub(crate) fn all() -> Vec<(&'static str, Response<Bytes>)> {
    vec![
        ("token", token()),
        ("token-retry-after", retry_after()),
        ("token-post", post()),
        ("token-client-link", client_link()),
        ("token-gateway", at_gateway()),
        ("details", details()),
        ("trusted", trusted()),
        ("trusted-long", long()),
        ("arabic", arabic()),
        ("german", german()),
    ]
}

fn token() -> Response<Bytes> {
    gateway(Disclosure::Token).answer_fault(&Fault::new(FaultKind::ConnectionRefused), &get())
}

fn retry_after() -> Response<Bytes> {
    let mut exchange = get();
    exchange.retry_after = Some(Duration::from_secs(30));
    exchange.reference = None;
    gateway(Disclosure::Token).answer_fault(&Fault::new(FaultKind::NoHealthyUpstream), &exchange)
}

fn post() -> Response<Bytes> {
    let mut exchange = get();
    exchange.method = Method::POST;
    exchange.request_body = RequestBody::Whole;
    gateway(Disclosure::Token).answer_fault(&Fault::new(FaultKind::ResponseTimeout), &exchange)
}

fn client_link() -> Response<Bytes> {
    gateway(Disclosure::Token).answer_fault(&Fault::new(FaultKind::ClientTimeout), &get())
}

fn at_gateway() -> Response<Bytes> {
    gateway(Disclosure::Token).answer_fault(&Fault::new(FaultKind::NoRoute), &get())
}

fn details() -> Response<Bytes> {
    let mut exchange = get();
    exchange.reused = Some(true);
    gateway(Disclosure::Details).answer_fault(&Fault::of_class(Class::FramingClAndTe).with_offset(53), &exchange)
}

fn trusted() -> Response<Bytes> {
    let mut exchange = get();
    exchange.elapsed = Some(Duration::from_millis(3));
    exchange.reused = Some(false);
    exchange.sent = Some(0);
    let fault = Fault::new(FaultKind::ConnectionRefused).with_code(Code::Errno(111));
    let mut context = Context::default();
    context.deployment = Deployment::Systemd;
    context.unit = Some("orders");
    let evidence = Evidence::new().with_error(&std::io::Error::other("Connection refused (os error 111)"));
    gateway(Disclosure::Trusted).answer_diagnosed(&fault, &exchange, &evidence, &context)
}

/// Names as long as they get, and one that wants to be markup.
fn long() -> Response<Bytes> {
    let mut exchange = get();
    let host = format!("{}.internal:8443", ["orders-service-blue-7f3a91c2d4"; 5].join("."));
    exchange.next_hop = Some(host.into());
    exchange.reference = Some("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-".repeat(2).into());
    exchange.elapsed = Some(Duration::from_millis(41));
    let fault = Fault::new(FaultKind::CertNameMismatch);
    let evidence = Evidence::new().with_text("certificate", "*.shop.example, <script>alert(1)</script>.example");
    gateway(Disclosure::Trusted).answer_diagnosed(&fault, &exchange, &evidence, &Context::default())
}

/// From right to left, as far as it is translated here.
fn arabic() -> Response<Bytes> {
    let mut strings = Strings::new("ar").unwrap().right_to_left();
    for (key, text) in [
        ("you", "أنت"),
        ("gateway", "البوابة"),
        ("service", "الخدمة"),
        ("works", "يعمل"),
        ("broken", "انقطع هنا"),
        ("not_reached", "لم يتم الوصول"),
        ("way", "مسار طلبك"),
        ("at_link", "توقف بين البوابة والخدمة."),
        ("headline.connection_refused", "تعذر الوصول إلى الخدمة"),
        ("explanation.connection_refused", "لم تقبل الخدمة الاتصال."),
        ("visitor", "ما يمكنك فعله"),
        ("try_again", "هذا مؤقت على الأرجح. يمكنك المحاولة مرة أخرى بعد لحظات."),
        ("again", "حاول مرة أخرى"),
        ("contact_reference", "للإبلاغ عن ذلك، أعطِ القائمين على هذا الموقع هذا الرقم المرجعي:"),
        ("owner", "للقائمين على هذا الموقع"),
        ("log_reference", "يحتوي سجل البوابة على التفاصيل تحت الرقم المرجعي نفسه."),
        ("fact.gateway", "البوابة"),
        ("fact.error", "الخطأ"),
        ("fact.time", "الوقت"),
    ] {
        strings.set(key, text).unwrap();
    }
    let gateway = gateway(Disclosure::Token).with_page(Page::standard(&strings));
    gateway.answer_fault(&Fault::new(FaultKind::ConnectionRefused), &get())
}

/// Long words.
fn german() -> Response<Bytes> {
    let mut strings = Strings::new("de").unwrap();
    for (key, text) in [
        ("you", "Sie"),
        ("gateway", "Netzübergang"),
        ("service", "Dienst"),
        ("works", "funktioniert"),
        ("problem", "Störung hier"),
        ("not_reached", "nicht erreicht"),
        ("way", "Der Weg Ihrer Anfrage"),
        ("at_service", "Der Netzübergang hat den Dienst erreicht; dort ging es nicht weiter."),
        ("headline.http_response_timeout", "Der Dienst hat zu lange gebraucht"),
        ("explanation.http_response_timeout", "Der Netzübergang wartet nicht länger auf eine Antwort."),
        ("visitor", "Was Sie tun können"),
        ("try_again_in", "Das geht wahrscheinlich vorbei. Versuchen Sie es in {time} noch einmal."),
        ("contact_reference", "Um es zu melden, nennen Sie den Betreibern dieser Seite dieses Aktenzeichen:"),
        ("owner", "Für die Betreiber dieser Seite"),
        ("log_reference", "Im Protokoll des Netzübergangs steht mehr, unter demselben Aktenzeichen."),
        ("fact.gateway", "Netzübergang"),
        ("fact.error", "Fehler"),
        ("fact.time", "Zeit"),
        ("fact.code", "Code"),
        ("causes", "Wahrscheinliche Ursachen"),
        ("fits", "passt zum Befund"),
    ] {
        strings.set(key, text).unwrap();
    }
    let mut exchange = get();
    exchange.retry_after = Some(Duration::from_secs(300));
    exchange.elapsed = Some(Duration::from_secs(60));
    let gateway = gateway(Disclosure::Details).with_page(Page::standard(&strings));
    gateway.answer_fault(&Fault::new(FaultKind::ResponseTimeout), &exchange)
}
