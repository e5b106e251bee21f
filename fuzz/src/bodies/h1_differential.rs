//! Beside httparse and hyper's client: what they refuse in a head we refuse, what all accept is the same, and
//! where we differ, the case is on a list.

use badgateway::fault::Class;
use badgateway::h1::{Config, Eof, diagnose_head};

use super::message::{Case, Got, GotHead, Pieces, drive};
use super::show;

pub fn run(data: &[u8]) {
    let mut case = Case::of(data);
    case.eof = Eof::Clean;
    case.config = Config::compatible();
    let compatible = drive(&case, Pieces::whole());
    case.config = Config::strict();
    let strict = drive(&case, Pieces::whole());
    beside_httparse(&case, &strict);
    beside_httparse(&case, &compatible);
    #[cfg(feature = "hyper1")]
    beside_hyper(&case, &compatible);
    case.eof = Eof::Open;
    case.config = Config::compatible();
    beside_diagnosis(&case);
}

// ---- httparse ---------------------------------------------------------------------------------------

fn beside_httparse(case: &Case<'_>, got: &Got) {
    let input = case.bytes;
    let heads: Vec<&GotHead> = got.interim.iter().chain(got.head.as_ref().map(|(head, _)| head)).collect();
    // Every head that we took.
    for head in &heads {
        let at = head.at as usize;
        if let Err(why) = same_in_httparse(&input[at..], head) {
            let excused = (head.minor > 1 && why == "Version")
                || (head.deviations.contains("obs_fold") && why == "HeaderName")
                // In a fold nothing but white space, and then the same.
                || (head.deviations.contains("obs_fold") && why == "NewLine");
            assert!(excused, "httparse: {why}, not {head:?}: {}", show(input));
        }
    }
    // The head that we did not take.
    let Some((class, offset)) = got.class() else { return };
    let at = heads.last().map_or(0, |head| head.at as usize + head.len);
    if got.head.is_some() || offset < at as u64 {
        return;
    }
    let mut room = [httparse::EMPTY_HEADER; 1100];
    let mut response = httparse::Response::new(&mut room);
    match response.parse(&input[at..]) {
        Ok(httparse::Status::Complete(_)) => assert!(
            HTTPARSE_TAKES.contains(&class) || class.starts_with("framing.") || class.starts_with("too_large."),
            "httparse takes what is {class} at {offset}: {}",
            show(input)
        ),
        // Where it waits for more, we may know better already; where it refuses, so do we.
        Ok(httparse::Status::Partial) | Err(_) => {}
    }
}

/// What httparse takes in a head and we do not, in one mode or the other.
const HTTPARSE_TAKES: &[&str] = &[
    // Any number of empty lines first.
    "status_line.leading_crlf",
    // 000 to 099, which `http::StatusCode` cannot hold.
    "status_line.code_below_100",
    // A line feed alone; refused in strict mode.
    "status_line.bare_lf",
    "header.bare_lf",
    // It knows of no request.
    "unexpected.upgrade",
];

fn same_in_httparse(input: &[u8], head: &GotHead) -> Result<(), String> {
    let mut room = [httparse::EMPTY_HEADER; 300];
    let mut response = httparse::Response::new(&mut room);
    let len = match response.parse(input) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Err("partial".into()),
        Err(error) => return Err(format!("{error:?}")),
    };
    assert_eq!(len, head.len, "{}", show(input));
    assert_eq!((response.code, response.version), (Some(head.status), Some(head.minor)), "{}", show(input));
    // Of a phrase with bytes above 127 httparse gives nothing.
    let reason = response.reason.unwrap_or_default();
    assert!(reason.as_bytes() == head.reason || !head.reason.is_ascii() && reason.is_empty(), "{}", show(input));
    let fields: Vec<_> = response.headers.iter().map(|h| (h.name.to_owned(), h.value.to_vec())).collect();
    assert_eq!(fields, head.fields, "{}", show(input));
    Ok(())
}

// ---- our own diagnosis of what another parser refused -----------------------------------------------

/// It says the same as the parser, of whatever both look at.
fn beside_diagnosis(case: &Case<'_>) {
    let got = drive(case, Pieces::whole());
    let diagnosis = diagnose_head(case.bytes);
    let mut heads = got.interim.iter().chain(got.head.as_ref().map(|(head, _)| head));
    // What httparse refuses and compatible mode takes is named there.
    if heads.any(|head| head.minor > 1 || head.deviations.contains("obs_fold"))
        || diagnosis.is_some_and(|(class, _)| class == Class::HeaderObsFold)
    {
        return;
    }
    if got.head.is_some() {
        assert_eq!(diagnosis, None, "{}", show(case.bytes));
        return;
    }
    let Some((class, offset)) = got.class() else { return };
    let grammar = ["header.", "status_line.", "not_http."].iter().any(|stage| class.starts_with(stage));
    // An empty line first is let pass there.
    if !grammar || class == "status_line.leading_crlf" {
        return;
    }
    let theirs = diagnosis.map(|(class, at)| (class.as_str(), at));
    let lines = |from: u64, to: u64| case.bytes[from as usize..to as usize].contains(&b'\n');
    let later = !got.interim.is_empty();
    let same = match theirs {
        Some(theirs) if theirs == (class, offset) => true,
        // What answers behind an interim response is not looked up there.
        Some((theirs, _)) if class.starts_with("not_http.") => later && theirs.starts_with("status_line."),
        None if class.starts_with("not_http.") => later,
        // Another word, or another byte of the same status line; or it waits for the end of that.
        Some((theirs, at)) if class.starts_with("status_line.") => {
            theirs.starts_with("status_line.") && !lines(offset.min(at), offset.max(at))
        }
        None => class.starts_with("status_line.") && !lines(offset, case.bytes.len() as u64),
        // Of a line with two flaws it names the other.
        Some((theirs, _)) => class == "header.bare_cr" && ["header.no_colon", "header.status_line"].contains(&theirs),
    };
    assert!(same, "{class} at {offset} is diagnosed as {theirs:?}: {}", show(case.bytes));
}

// ---- hyper ------------------------------------------------------------------------------------------

#[cfg(feature = "hyper1")]
fn beside_hyper(case: &Case<'_>, got: &Got) {
    let input = case.bytes;
    let pieces = [usize::MAX, 1, 7][usize::from(input.first().copied().unwrap_or_default() % 3)];
    let theirs = super::peer::ask(&case.method, input, pieces);
    let accepted = got.accepted().is_some();
    match (&theirs, accepted) {
        (Ok(theirs), true) => same_in_hyper(theirs, got, input),
        (Err(_), false) => {}
        (Ok(theirs), false) => {
            let (class, offset) = got.class().expect("with the end known nothing stays open");
            if reads_chunks_as_content(got) {
                return;
            }
            assert!(
                HYPER_TAKES.contains(&class),
                "hyper takes what is {class} at {offset}: {theirs:?}: {}",
                show(input)
            );
        }
        (Err(error), true) => {
            assert!(hyper_is_narrower(got), "hyper: {error}, but we take {got:?}: {}", show(input));
        }
    }
}

/// What hyper's client takes and compatible mode does not.
#[cfg(feature = "hyper1")]
const HYPER_TAKES: &[&str] = &[
    // As httparse.
    "status_line.leading_crlf",
    // It does not look whether the request offered one.
    "unexpected.upgrade",
    // Transfer-Encoding wins.
    "framing.cl_and_te",
    // It looks at the last coding of the last line, and reads until the end if that is not chunked.
    "framing.te_invalid",
    "framing.te_unsupported",
    "framing.te_identity",
    "framing.te_compressed",
    "framing.te_chunked_repeated",
    "framing.te_chunked_not_final",
    // Where there is no content it does not look at the fields at all.
    "framing.te_in_http10",
    "framing.cl_invalid",
    "framing.cl_empty",
    "framing.cl_negative",
    "framing.cl_plus",
    "framing.cl_spaced",
    "framing.cl_conflict",
    "framing.cl_overflow",
    // Anything but a line feed is an extension.
    "chunk.ext_invalid",
    // It gathers the trailers up to an empty line, and httparse reads them.
    "trailer.bare_lf",
    // It has no limit on interim responses.
    "too_large.interim",
];

/// What compatible mode takes and hyper's client does not.
#[cfg(feature = "hyper1")]
fn hyper_is_narrower(got: &Got) -> bool {
    let heads = || got.interim.iter().chain(got.head.as_ref().map(|(head, _)| head));
    // HTTP/1.2 and above.
    heads().any(|head| head.minor > 1)
        // A setting of hyper, off by default.
        || heads().any(|head| head.deviations.contains("obs_fold"))
        // A hundred is the most.
        || heads().any(|head| head.fields.len() > 100)
        // Its last two lengths mean something else.
        || matches!(got.head, Some((_, badgateway::h1::Framing::Length(n))) if n > u64::MAX - 2)
}

#[cfg(feature = "hyper1")]
fn same_in_hyper(theirs: &super::peer::Answer, got: &Got, input: &[u8]) {
    let (head, framing) = got.head.as_ref().expect("accepted with a head");
    assert_eq!(theirs.status, head.status, "{}", show(input));
    same_fields(&theirs.headers, &head.fields, input);
    if reads_chunks_as_content(got) {
        let behind = &input[head.at as usize + head.len..];
        assert!(theirs.body == behind, "{} is not {}", show(&theirs.body), show(behind));
    } else if *framing != badgateway::h1::Framing::Tunnel {
        assert!(theirs.body == got.body, "{} is not {}: {}", show(&theirs.body), show(&got.body), show(input));
        same_fields(&theirs.trailers, &got.trailers, input);
    }
}

#[cfg(feature = "hyper1")]
fn same_fields(map: &http::HeaderMap, fields: &[(String, Vec<u8>)], input: &[u8]) {
    assert_eq!(map.len(), fields.len(), "{map:?} is not {fields:?}: {}", show(input));
    for (name, _) in fields {
        let theirs: Vec<&[u8]> = map.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        let ours: Vec<&[u8]> =
            fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| &v[..]).collect();
        assert_eq!(theirs, ours, "{name}: {}", show(input));
    }
}

/// An empty member behind the last coding is to be ignored (RFC 9110 section 5.6.1.2). hyper does not see
/// the coding then, and takes the chunks and all for content.
#[cfg(feature = "hyper1")]
fn reads_chunks_as_content(got: &Got) -> bool {
    let Some((head, badgateway::h1::Framing::Chunked)) = &got.head else { return false };
    let last = head.fields.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    let member = last.and_then(|(_, value)| value.rsplit(|&b| b == b',').next()).unwrap_or_default();
    !member.trim_ascii().eq_ignore_ascii_case(b"chunked")
}
