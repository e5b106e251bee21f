//! Where a client tells less than the truth: the one table of it, which `docs/clients.md` shows.

use badgateway::fault::FaultKind as K;

use crate::cell::{Cell, Verdict};

/// Cells of one reason.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) clients: &'static [&'static str],
    pub(crate) behaviours: &'static [&'static str],
    /// What it is on record as; empty: nothing, because the body looks whole.
    pub(crate) kinds: &'static [K],
    /// The client does not tell, and nobody behind it can know: no record, or one of another's fault. Else it is a broader kind.
    pub(crate) is_hidden: bool,
    /// What the client does.
    pub(crate) why: &'static str,
}

const fn coarser(
    clients: &'static [&'static str],
    behaviours: &'static [&'static str],
    kinds: &'static [K],
    why: &'static str,
) -> Known {
    Known { clients, behaviours, kinds, is_hidden: false, why }
}

const fn hidden(
    clients: &'static [&'static str],
    behaviours: &'static [&'static str],
    kinds: &'static [K],
    why: &'static str,
) -> Known {
    Known { is_hidden: true, ..coarser(clients, behaviours, kinds, why) }
}

/// hyper's HTTP/1 without the tap, whatever it is wrapped in.
const HYPERS: &[&str] = &["hyper", "hyper-util", "reqwest, rustls", "reqwest, native"];
/// Those that say nothing of how much of a head had come.
const HEADLESS: &[&str] = &["hyper", "hyper-util", "reqwest, rustls", "reqwest, native", "ureq", "awc"];
/// h2 without the frames watched below.
const H2S: &[&str] = &["hyper h2", "h2", "reqwest h2", "tonic"];

#[rustfmt::skip]
pub(crate) static KNOWN: &[Known] = &[
    coarser(HEADLESS, &["stall_mid_head", "slow_drip_head", "endless_head"], &[K::ResponseTimeout],
        "how much of a head had come, when the time was over"),
    coarser(HEADLESS, &["close_mid_status_line", "close_mid_head", "close_mid_head_eol", "only_100_then_close"], &[K::ClosedBeforeResponse],
        "how much of a head had come, when the connection ended"),
    coarser(HEADLESS, &["reset_mid_head"], &[K::ResetBeforeResponse],
        "how much of a head had come, when the connection was reset"),
    coarser(HYPERS, &["hostile_header_1mb", "many_headers_5000"], &[K::HeadTooLarge],
        "which limit a head passed"),
    coarser(HYPERS, &["cl_u64_max"], &[K::HeadTooLarge],
        "that it is a length which it cannot count: \"message head is too large\""),
    coarser(HYPERS, &["last_chunk_lf", "trailer_lf"], &[K::BodyTruncated],
        "a bare LF behind the last chunk, which it takes for a byte of a trailer: it waits for the end of the line"),
    coarser(&["ureq"], &["chunk_end_cr", "last_chunk_lf"], &[K::BodyTruncated],
        "what ends a chunk or the trailers in place of CRLF: it waits for more"),
    coarser(&["ureq"], &["hostile_header_1mb"], &[K::HeadTooLarge],
        "which limit a head passed"),
    coarser(&["awc"], &["hostile_header_1mb", "many_headers_5000"], &[K::HeadTooLarge],
        "which limit a head passed"),
    coarser(HEADLESS, &["http_lower_case", "http12", "http2_0_status_line", "tab_in_status_line"], &[K::NotHttp],
        "what stood where `HTTP/1.1` was due: another version, or another protocol"),
    coarser(HYPERS, &["mysql_greeting", "ftp_greeting", "imap_greeting"], &[K::UnsolicitedResponse],
        "what it was that came before the request was sent"),
    coarser(&["hyper", "hyper, tap", "hyper-util", "hyper-util, tap", "reqwest, rustls", "reqwest, native"], &["tls_client_cert"], &[K::ClosedBeforeResponse],
        "why a connection ended, where that was before the request was on it"),
    coarser(HYPERS, &["chunk_ext_quoted_crlf"], &[K::BadChunk],
        "that a quoted line end stands in a chunk's line: it sees the chunk end elsewhere, and says so"),

    coarser(&["hyper-util", "awc"], &["tls_handshake_stall"], &[K::ResponseTimeout],
        "that it was in the handshake: its `connect_timeout` is for TCP alone"),
    coarser(&["hyper-util, tap", "reqwest, rustls", "reqwest, native", "ureq"], &["tls_handshake_stall"], &[K::ConnectionTimeout],
        "that it was in the handshake: it says that it is connecting"),
    coarser(&["hyper-util, tap", "awc"], &["tls_close_hello", "tls_reset_hello"], &[K::ConnectReset],
        "that it was in the handshake: it says that it could not connect"),
    coarser(&["ureq"], &["tls_close_hello"], &[K::ClosedBeforeResponse],
        "that it was in the handshake: an `io::Error` alone"),
    coarser(&["ureq"], &["tls_reset_hello"], &[K::ResetBeforeResponse],
        "that it was in the handshake: an `io::Error` alone"),
    hidden(&["reqwest, native", "ureq"], &["tls_no_close_notify"], &[],
        "the end of TLS without close_notify, which it takes for the end of the body"),

    coarser(&["ureq"], &["reset_mid_body", "reset_mid_large_body", "reset_mid_chunked"], &[K::BodyTruncated],
        "whether a body was reset or closed: \"Peer disconnected\""),
    hidden(&["ureq"], &["reset_mid_close_delim", "reset_mid_http10"], &[],
        "a reset, which it takes for the end of a body that the end of the connection delimits"),
    hidden(&["ureq"], &["chunk_ext_lf"], &[],
        "a bare LF in a chunk's line, which it takes for part of the extension"),

    hidden(&["awc"], &["chunk_size_2_31", "chunk_size_2_63", "close_mid_chunk", "close_mid_chunked"], &[],
        "the end of the connection within a body in chunks, which it takes for the last chunk"),
    hidden(&["awc"], &["close_delimited_ok", "ok_empty_by_close", "reset_mid_close_delim", "tls_no_close_notify"], &[K::ProxyInternal],
        "a body that the end of an HTTP/1.1 connection delimits, which it drops: refused with 500"),
    hidden(&["awc"], &["early_hints", "interim_104", "interim_hop_by_hop", "interim_with_body", "many_1xx",
        "only_100_then_close", "stall_after_1xx", "unexpected_101_after_100"], &[K::ProxyInternal],
        "the final response behind an interim one, which it takes for final: refused with 500"),
    hidden(&["awc"], &["upgrade_other", "upgrade_unnamed", "upgrade_garbage"], &[K::BodyTruncated],
        "the body of a response with `Upgrade: websocket`, which it does not read: the cut is shown"),
    coarser(&["awc"], &["cl_conflict", "cl_negative", "cl_plus", "cl_hex", "cl_overflow", "cl_empty", "cl_spaced",
        "cl_list_conflict", "te_unknown", "te_prefix", "te_suffix", "te_not_final", "te_empty_behind", "te_parameter",
        "te_quoted", "te_chunked_twice", "te_gzip_chunked"], &[K::BadHeader],
        "which field it did not take: \"invalid Header provided\""),
    coarser(&["awc"], &["endless_trailers"], &[K::BodyStalled],
        "that trailers come, which it reads without end"),

    coarser(&["hyper h2", "reqwest h2", "tonic"], &["h2_http1_answer", "h2_http1_400", "h2_tls_http1_answer", "h2_ssh_banner", "h2_garbage",
        "h2_first_frame_headers", "h2_settings_push_2", "h2_settings_window_2_31", "h2_settings_frame_100", "h2_goaway_first"], &[K::ClosedBeforeResponse],
        "what broke a connection before the request was on it: \"connection closed\""),
    coarser(H2S, &["h2_http1_answer", "h2_http1_400", "h2_tls_http1_answer", "h2_ssh_banner", "h2_garbage"], &[K::H2ProtocolError],
        "what came that were no frames: \"frame with invalid size\""),
    hidden(H2S, &["h2_first_frame_ping", "h2_first_frame_headers"], &[],
        "that the first frame was not SETTINGS, which it lets pass"),
    coarser(H2S, &["h2_settings_push", "h2_window_overflow_stream"], &[K::ResponseTimeout],
        "a frame that breaks the rules, which it lets pass: a timer ends the wait"),
    coarser(&["h2"], &["h2_push_promise"], &[K::ResponseTimeout],
        "a frame that breaks the rules, which it lets pass: a timer ends the wait"),
    coarser(&["hyper h2", "reqwest h2", "tonic"], &["h2_head_too_large"], &[K::H2ProtocolError],
        "that a head is over the limit that it has announced: \"unspecific protocol error\""),
    hidden(&["h2"], &["h2_head_too_large"], &[],
        "that a head is larger than it should be: its own limit is 16 MiB, unless another is set"),
    hidden(&["h2"], &["h2_ok_many_frames"], &[K::H2ProtocolError],
        "that a body is good which comes in more small frames than it takes"),
    coarser(&["h2"], &["h2_rst_no_error_mid_body"], &[K::StreamReset],
        "that NO_ERROR behind half a body is a cut: the code is on record"),
    coarser(&["hyper h2", "reqwest h2", "tonic"], &["h2_goaway_below", "h2_goaway_below_once", "h2_goaway_grows"], &[K::Goaway],
        "the last stream in a GOAWAY, and so whether the request was below it"),
    coarser(&["hyper h2, tap", "hyper h2", "reqwest h2", "tonic"], &["h2_goaway_first"], &[K::Goaway],
        "whether the request was on the connection when GOAWAY came"),
    hidden(H2S, &["h2_goaway_then_close", "h2_goaway_protocol_error", "h2_goaway_internal_error", "h2_goaway_calm", "h2_goaway_http11"], &[K::ClosedBeforeResponse],
        "a GOAWAY that spares the stream, when the connection ends behind it: \"broken pipe\""),
];

pub(crate) fn of(cell: &Cell) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        known.clients.contains(&cell.client.name)
            && known.behaviours.contains(&cell.name())
            && cell.kind().map_or(known.kinds.is_empty(), |kind| known.kinds.contains(&kind))
    })
}

/// The rows, and the parts of rows, that no cell needs.
pub(crate) fn not_needed(cells: &[Cell]) -> Vec<String> {
    let of_client = |known: &Known, client: &str| {
        cells.iter().any(|cell| {
            let verdict = cell.verdict();
            cell.client.name == client
                && matches!(verdict, Verdict::Coarser(of) | Verdict::Hidden(of) if std::ptr::eq(of, known))
        })
    };
    let of_behaviour = |known: &Known, behaviour: &str| {
        cells.iter().any(|cell| {
            let verdict = cell.verdict();
            cell.name() == behaviour
                && matches!(verdict, Verdict::Coarser(of) | Verdict::Hidden(of) if std::ptr::eq(of, known))
        })
    };
    let mut idle = Vec::new();
    for known in KNOWN {
        // Who is seldom late may be listed with those that often are.
        let races = known.behaviours.iter().any(|behaviour| RACES.contains(behaviour));
        let clients = known.clients.iter().filter(|client| !races && !of_client(known, client));
        let behaviours = known.behaviours.iter().filter(|behaviour| !of_behaviour(known, behaviour));
        // Which of two things comes first is a race there.
        let behaviours = behaviours.filter(|behaviour| !RACES.contains(behaviour));
        idle.extend(clients.chain(behaviours).map(|name| format!("{name}, of: {}", known.why)));
    }
    idle
}

/// What may be seen or not, by who is faster.
const RACES: &[&str] = &[
    "endless_head",
    "h2_first_frame_headers",
    "h2_goaway_first",
    "h2_tls_http1_answer",
    "tls_client_cert",
    "mysql_greeting",
    "ftp_greeting",
    "imap_greeting",
];
