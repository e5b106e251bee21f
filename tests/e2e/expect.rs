//! What each behaviour of the lab becomes behind the example proxy.
//!
//! One row a behaviour: shapes (status, and how the message ends where it is not simply whole), faults,
//! classes (`-` = none; empty = not looked at), phases, and the reason where a row has a set.
//!
//! [`EXPECTED`] is the hyper engine's column. [`H1`] has the rows in which the other engine differs, each
//! with its reason; all other rows are the same for both.

use crate::harness::Engine;

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    pub(crate) shapes: &'static [&'static str],
    /// Empty: no fault, and no record.
    pub(crate) faults: &'static [&'static str],
    pub(crate) classes: &'static [&'static str],
    pub(crate) phases: &'static [&'static str],
    /// Why more than one is right.
    pub(crate) why: &'static str,
}

const fn row(
    name: &'static str,
    shapes: &'static [&'static str],
    faults: &'static [&'static str],
    classes: &'static [&'static str],
    phases: &'static [&'static str],
    why: &'static str,
) -> Expected {
    Expected { name, shapes, faults, classes, phases, why }
}

impl Expected {
    /// Whether it is a fault every time. A race may also end well.
    pub(crate) fn always_fails(&self) -> bool {
        !self.faults.is_empty() && !self.shapes.contains(&"200")
    }
}

/// The rows of an engine.
pub(crate) fn expected(engine: Engine) -> Vec<&'static Expected> {
    let own = |common: &'static Expected| match engine {
        Engine::Hyper => common,
        Engine::H1 => H1.iter().map(|(row, _)| row).find(|row| row.name == common.name).unwrap_or(common),
    };
    EXPECTED.iter().map(own).collect()
}

#[rustfmt::skip]
pub(crate) const EXPECTED: &[Expected] = &[
    row("refused", &["502"], &["connection_refused"], &["-"], &["connect"], ""),
    row("blackhole", &["504"], &["connection_timeout"], &["-"], &["connect"], ""),
    row("unreachable", &["502"], &["unreachable"], &["-"], &["connect"], ""),
    row("dns_nxdomain", &["502"], &["dns_not_found"], &["-"], &["resolve"], ""),
    row("dns_nodata", &["502"], &["dns_not_found"], &["-"], &["resolve"], ""),
    row("dns_servfail", &["502"], &["dns_failure"], &["-"], &["resolve"], ""),
    row("dns_refused", &["502"], &["dns_failure"], &["-"], &["resolve"], ""),
    row("dns_timeout", &["504"], &["dns_timeout"], &["-"], &["resolve"], ""),
    row("reset_on_accept", &["502"], &["connect_reset", "reset_before_response", "send_reset"], &["-"], &[], "the RST may outrun connect(), the request, or only the answer"),
    row("reset_after_request", &["502"], &["reset_before_response"], &["-"], &["head"], ""),
    row("reset_mid_head", &["502"], &["head_reset"], &["-"], &["head"], ""),
    row("reset_mid_body", &["200/cut"], &["body_reset"], &["-"], &["body"], ""),
    row("reset_mid_close_delim", &["200/cut"], &["body_reset"], &["-"], &["body"], ""),
    row("reset_mid_large_body", &["200/cut"], &["body_reset"], &["-"], &["body"], ""),
    row("close_on_accept", &["502"], &["closed_before_response", "reset_before_response", "send_reset"], &["-", "premature_eof.empty"], &[], "a request written after the FIN is answered by a RST, which may be seen first"),
    row("close_after_request", &["502"], &["closed_before_response"], &["premature_eof.empty"], &["head"], ""),
    row("close_mid_status_line", &["502"], &["head_truncated"], &["premature_eof.status_line"], &["head"], ""),
    row("close_mid_head", &["502"], &["head_truncated"], &["premature_eof.headers"], &["head"], ""),
    row("close_mid_head_eol", &["502"], &["head_truncated"], &["premature_eof.headers"], &["head"], ""),
    row("close_mid_cl_body", &["200/cut"], &["body_truncated"], &["premature_eof.content_length_body"], &["body"], ""),
    row("close_mid_chunked", &["200/cut"], &["body_truncated"], &["premature_eof.chunk_size"], &["body"], ""),
    row("close_mid_chunk", &["200/cut"], &["body_truncated"], &["premature_eof.chunk_data"], &["body"], ""),
    row("garbage_status_line", &["502"], &["not_http"], &["not_http.other"], &["head"], ""),
    row("http09_html", &["502"], &["not_http"], &["not_http.html"], &["head"], ""),
    row("ssh_banner", &["502"], &["not_http"], &["not_http.ssh"], &["head"], ""),
    row("smtp_banner", &["502"], &["not_http"], &["not_http.smtp_ftp"], &["head"], ""),
    row("redis_err", &["502"], &["not_http"], &["not_http.redis"], &["head"], ""),
    row("h2_settings_on_h1", &["502"], &["not_http"], &["not_http.http2_frame"], &["head"], ""),
    row("tls_record_on_plain", &["502"], &["not_http"], &["not_http.tls_alert"], &["head"], ""),
    row("hostile_status_line", &["502"], &["bad_status_line"], &["status_line.code"], &["head"], ""),
    row("plain_on_tls", &["502"], &["tls_not_tls"], &["-"], &["tls"], ""),
    row("tls_selfsigned", &["502"], &["cert_untrusted"], &["-"], &["tls"], ""),
    row("tls_expired", &["502"], &["cert_expired"], &["-"], &["tls"], ""),
    row("tls_not_yet_valid", &["502"], &["cert_not_yet_valid"], &["-"], &["tls"], ""),
    row("tls_wrong_host", &["502"], &["cert_name_mismatch"], &["-"], &["tls"], ""),
    row("tls_hostile_name", &["502"], &["cert_name_mismatch"], &["-"], &["tls"], ""),
    row("tls_handshake_stall", &["504"], &["tls_timeout"], &["-"], &["tls"], ""),
    row("tls_alert", &["502"], &["tls_alert"], &["-"], &["tls"], ""),
    row("tls_alert_version", &["502"], &["tls_alert"], &["-"], &["tls"], ""),
    row("tls_alert_name", &["502"], &["tls_alert"], &["-"], &["tls"], ""),
    row("tls_client_cert", &["502"], &["tls_alert"], &["-"], &["send", "head"], "a TLS 1.3 server refuses after the handshake, while the request is on its way"),
    row("tls_client_cert_12", &["502"], &["tls_alert"], &["-"], &["tls"], ""),
    row("tls_close_hello", &["502"], &["tls_closed"], &["-"], &["tls"], ""),
    row("tls_reset_hello", &["502"], &["tls_reset"], &["-"], &["tls"], ""),
    row("tls_reset_after_request", &["502"], &["reset_before_response"], &["-"], &["head"], ""),
    row("tls_cut_mid_body", &["200/cut"], &["body_truncated"], &["premature_eof.content_length_body"], &["body"], ""),
    row("tls_no_close_notify", &["200/cut"], &["tls_truncated"], &[], &["body"], ""),
    row("bad_header_nul", &["502"], &["bad_header"], &["header.value_nul"], &["head"], ""),
    row("bad_header_space_before_colon", &["502"], &["bad_header"], &["header.space_before_colon"], &["head"], ""),
    row("bad_header_no_colon", &["502"], &["bad_header"], &["header.no_colon"], &["head"], ""),
    row("bad_header_empty_name", &["502"], &["bad_header"], &["header.name_empty"], &["head"], ""),
    row("obs_fold", &["502"], &["bad_header"], &["header.obs_fold"], &["head"], ""),
    row("bare_lf", &["200"], &[], &[], &[], ""),
    row("bare_cr", &["502"], &["bad_header"], &["header.bare_cr"], &["head"], ""),
    row("huge_head_1mb", &["502"], &["head_too_large"], &["too_large.header_bytes"], &["head"], ""),
    row("hostile_header_1mb", &["502"], &["header_too_large"], &["too_large.header_line"], &["head"], ""),
    row("many_headers_5000", &["502"], &["too_many_headers"], &["too_large.header_count"], &["head"], ""),
    row("endless_head", &["502"], &["head_too_large"], &["too_large.header_bytes"], &["head"], ""),
    row("cl_conflict", &["502"], &["ambiguous_framing"], &["framing.cl_conflict"], &["head"], ""),
    row("cl_duplicate_same", &["200"], &[], &[], &[], ""),
    row("cl_list_same", &["200"], &[], &[], &[], ""),
    row("cl_negative", &["502"], &["ambiguous_framing"], &["framing.cl_invalid"], &["head"], ""),
    row("cl_plus", &["502"], &["ambiguous_framing"], &["framing.cl_invalid"], &["head"], ""),
    row("cl_hex", &["502"], &["ambiguous_framing"], &["framing.cl_invalid"], &["head"], ""),
    row("cl_overflow", &["502"], &["ambiguous_framing"], &["framing.cl_overflow"], &["head"], ""),
    row("cl_te_both", &["502"], &["ambiguous_framing"], &["framing.cl_and_te"], &["head"], ""),
    row("te_unknown", &["502"], &["unsupported_coding"], &["framing.te_unsupported"], &["head"], ""),
    row("te_chunked_twice", &["502"], &["unsupported_coding"], &["framing.te_chunked_repeated"], &["head"], ""),
    row("te_http10", &["502"], &["ambiguous_framing"], &["framing.te_in_http10"], &["head"], ""),
    row("bad_chunk_size", &["502"], &["bad_chunk"], &["chunk.size_invalid"], &["body"], ""),
    row("empty_chunk_size", &["200/cut"], &["bad_chunk"], &["chunk.size_empty"], &["body"], ""),
    row("chunk_size_overflow", &["502"], &["bad_chunk"], &["chunk.size_overflow"], &["body"], ""),
    row("chunk_ext_long", &["502"], &["bad_chunk"], &["too_large.chunk_line"], &["body"], ""),
    row("bad_chunk_crlf", &["200/cut"], &["bad_chunk"], &["chunk.data_terminator"], &["body"], ""),
    row("bad_second_chunk", &["200/cut"], &["bad_chunk"], &["chunk.size_invalid"], &["body"], ""),
    row("trailer_forbidden", &["200"], &[], &[], &[], ""),
    row("status_204_body", &["204"], &[], &[], &[], ""),
    row("status_000", &["502"], &["bad_status_line"], &["status_line.code_range"], &["head"], ""),
    row("status_99", &["502"], &["bad_status_line"], &["status_line.code"], &["head"], ""),
    row("status_600", &["502"], &["bad_status_line"], &["status_line.code_range"], &["head"], ""),
    row("status_1000", &["502"], &["bad_status_line"], &["status_line.code"], &["head"], ""),
    row("http12", &["502"], &["bad_status_line"], &["status_line.version_unsupported"], &["head"], ""),
    row("http2_0_status_line", &["502"], &["bad_status_line"], &["status_line.version_unsupported"], &["head"], ""),
    row("no_reason_space", &["200"], &[], &[], &[], ""),
    row("hostile_reason", &["200"], &[], &[], &[], ""),
    row("only_100_then_close", &["502"], &["head_truncated"], &["premature_eof.after_interim"], &["head"], ""),
    row("many_1xx", &["502"], &["too_many_interim"], &["too_large.interim"], &["head"], ""),
    row("unexpected_101", &["502"], &["unexpected_upgrade"], &["unexpected.upgrade"], &["head"], ""),
    row("no_response_timeout", &["504"], &["response_timeout"], &["-"], &["head"], ""),
    row("never_reads", &["504"], &["response_timeout"], &["-"], &["head"], ""),
    row("stall_mid_head", &["504"], &["head_stalled"], &["-"], &["head"], ""),
    row("stall_after_1xx", &["504"], &["response_timeout"], &["-"], &["head"], ""),
    row("stall_mid_body", &["200/cut"], &["body_stalled"], &["-"], &["body"], ""),
    row("stall_mid_chunked", &["200/cut"], &["body_stalled"], &["-"], &["body"], ""),
    row("slow_drip_head", &["504"], &["head_stalled"], &["-"], &["head"], ""),
    row("slow_drip_body", &["200"], &[], &[], &[], ""),
    row("extra_bytes_after_response", &["200"], &[], &[], &[], ""),
    row("response_before_request_read", &["200", "502"], &["unsolicited_response"], &["-"], &["head"], "hyper refuses bytes that it sees before it has a request to write, and takes them afterwards"),
    row("stale_keepalive", &["200"], &[], &[], &[], ""),
    row("stale_keepalive_reset", &["200"], &[], &[], &[], ""),
    row("silent_close", &["200"], &[], &[], &[], ""),
    row("ok_200", &["200"], &[], &[], &[], ""),
    row("close_delimited_ok", &["200"], &[], &[], &[], ""),
    row("ok_chunked_trailers", &["200"], &[], &[], &[], ""),
    row("upstream_502", &["502"], &[], &[], &[], ""),
    row("upstream_503_retry", &["503"], &[], &[], &[], ""),
    row("upstream_504", &["504"], &[], &[], &[], ""),
    row("tls_ok_200", &["200"], &[], &[], &[], ""),
    row("dns_ok_200", &["200"], &[], &[], &[], ""),
    row("ok_sse", &["200"], &[], &[], &[], ""),
    row("slow_ok", &["200"], &[], &[], &[], ""),
    row("early_hints", &["200"], &[], &[], &[], ""),
    row("echo", &["200"], &[], &[], &[], ""),
    row("echo_head", &["200"], &[], &[], &[], ""),
    row("ok_large", &["200"], &[], &[], &[], ""),
    row("early_413", &["413"], &[], &[], &[], ""),
    row("upgrade_echo", &["426"], &[], &[], &[], ""),
];

/// Where the parser of this crate, in its compatible mode, does better or otherwise than hyper.
#[rustfmt::skip]
pub(crate) const H1: &[(Expected, &str)] = &[
    // What passes.
    (row("obs_fold", &["200"], &[], &[], &[], ""),
        "unfolded into a space, as RFC 9112 section 5.2 allows a gateway; hyper refuses folds"),
    (row("http12", &["200"], &[], &[], &[], ""),
        "a higher minor version is read as the highest known (RFC 9110 section 2.5); hyper refuses it"),
    (row("response_before_request_read", &["200"], &[], &[], &[], ""),
        "nothing is read before the request is written, so what came early is the response; hyper may have looked before"),
    // What is a 502 and no cut: all that has come is judged before any of it is written.
    (row("empty_chunk_size", &["502"], &["bad_chunk"], &["chunk.size_empty"], &["body"], ""),
        "the fault came in one segment with the head; hyper hands out the chunk before it"),
    (row("bad_chunk_crlf", &["502"], &["bad_chunk"], &["chunk.data_terminator"], &["body"], ""),
        "the fault came in one segment with the head; hyper hands out the chunk before it"),
    (row("bad_second_chunk", &["502"], &["bad_chunk"], &["chunk.size_invalid"], &["body"], ""),
        "the fault came in one segment with the head; hyper hands out the chunk before it"),
    // What is told more exactly.
    (row("tls_no_close_notify", &["200/cut"], &["tls_truncated"], &["premature_eof.close_delimited_body"], &["body"], ""),
        "the parser knows what the end cut off; hyper passes the TLS error on"),
];
