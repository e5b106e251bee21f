//! What went wrong elsewhere, by its name, and that it does not here. In both modes.

use badgateway::h1::{Config, Eof, Limits, Parser, Request};

use crate::util::{all_ways, request};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\n";

/// The verdict in both modes, for a GET.
#[track_caller]
fn refused(bytes: &str, expected: &str) {
    for config in [Config::strict(), Config::compatible()] {
        let got = all_ways(bytes.as_bytes(), Eof::Clean, request("GET", false), &config).render();
        assert_eq!(got.split(' ').next().unwrap(), expected, "{bytes:?}");
    }
}

#[track_caller]
fn chunked(body: &str, expected: &str) {
    refused(&format!("{CHUNKED}{body}"), expected);
}

#[track_caller]
fn fields(fields: &str, expected: &str) {
    refused(&format!("{OK}{fields}\r\n0\r\n\r\n"), expected);
}

#[test]
fn cve_2021_32714_hyper_chunk_size_wraps() {
    chunked("f0000000000000003\r\nabc\r\n0\r\n\r\n", "chunk.size_overflow");
    chunked("10000000000000000\r\n", "chunk.size_overflow");
    chunked(&format!("{}\r\n", "9".repeat(40)), "chunk.size_overflow");
}

#[test]
fn cve_2021_32715_hyper_content_length_with_a_plus() {
    fields("Content-Length: +5\r\n", "framing.cl_plus");
}

#[test]
fn cve_2021_21299_hyper_first_and_last_transfer_encoding() {
    fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "framing.te_chunked_not_final");
    fields("Transfer-Encoding: identity, chunked, identity\r\n", "framing.te_chunked_not_final");
    fields("Transfer-Encoding: chunked\r\nX: y\r\nTransfer-Encoding: chunked\r\n", "framing.te_chunked_repeated");
}

#[test]
fn cve_2025_43859_h11_any_two_bytes_end_a_chunk() {
    chunked("3\r\nxxx__1a\r\n", "chunk.data_terminator");
    chunked("3\r\nxxx\r_1a\r\n", "chunk.data_terminator");
}

#[test]
fn cve_2025_22871_go_lf_ends_a_chunk_line() {
    chunked("1\na\r\n0\r\n\r\n", "chunk.bare_lf");
    chunked("1;x\na\r\n0\r\n\r\n", "chunk.bare_lf");
    chunked("1\r\na\n0\r\n\r\n", "chunk.bare_lf");
}

#[test]
fn cve_2023_39326_go_and_cve_2024_22019_node_extensions_without_end() {
    // One line.
    chunked(&format!("1;{}", "a".repeat(5000)), "too_large.chunk_line");
    // Every line within its limit, for a byte of data each.
    chunked(&format!("1;{}\r\na\r\n", "a".repeat(1000)).repeat(20), "too_large.chunk_line");
}

#[test]
fn cve_2022_1705_go_odd_transfer_encodings_are_chunked() {
    for value in ["xchunked", "\"chunked\"", "chunked;", "chunk", "chunked\u{b}", "\u{b}chunked", "chunked x"] {
        let got = all_ways(
            format!("{OK}Transfer-Encoding: {value}\r\n\r\n0\r\n\r\n").as_bytes(),
            Eof::Clean,
            request("GET", false),
            &Config::compatible(),
        );
        assert!(got.head.is_none(), "{value:?} {}", got.render());
    }
}

#[test]
fn cve_2019_16276_go_and_cve_2021_22959_llhttp_space_before_colon() {
    fields("Content-Length : 5\r\n", "header.space_before_colon");
    fields("Transfer-Encoding : chunked\r\n", "header.space_before_colon");
    fields("A\t: b\r\n", "header.space_before_colon");
}

#[test]
fn cve_2021_22960_llhttp_lf_in_an_extension() {
    chunked("2;\n00\r\n0\r\n\r\n", "chunk.bare_lf");
}

#[test]
fn cve_2022_32215_llhttp_fold_hides_transfer_encoding() {
    fields("Transfer-Encoding: chunked\r\n , identity\r\n", "header.obs_fold");
    fields("Transfer-Encoding:\r\n chunked\r\n", "header.obs_fold");
    fields("Content-Length: 1\r\n 0\r\n", "header.obs_fold");
}

#[test]
fn cve_2023_30589_llhttp_cr_alone_ends_a_field() {
    fields("A: b\rTransfer-Encoding: chunked\r\n", "header.bare_cr");
}

#[test]
fn cve_2025_23167_node_head_ends_in_cr_lf_cr_x() {
    refused(&format!("{OK}A: b\r\n\rXGET / HTTP/1.1\r\n\r\n"), "header.bare_cr");
}

#[test]
fn cve_2024_27982_node_space_before_the_first_field() {
    fields(" Content-Length: 5\r\n", "header.leading_whitespace");
}

#[test]
fn cve_2018_7159_node_space_in_content_length() {
    fields("Content-Length: 1 2\r\n", "framing.cl_spaced");
}

#[test]
fn cve_2023_25725_haproxy_empty_field_name() {
    fields(": x\r\nContent-Length: 0\r\n", "header.name_empty");
}

#[test]
fn cve_2023_40225_haproxy_and_cve_2023_40175_puma_empty_content_length() {
    fields("Content-Length:\r\n", "framing.cl_empty");
    fields("Content-Length: \r\nContent-Length: 3\r\n", "framing.cl_empty");
    fields("Content-Length: 3\r\nContent-Length: \r\n", "framing.cl_empty");
}

#[test]
fn cve_2019_18277_haproxy_vertical_tab_before_chunked() {
    fields("Transfer-Encoding: \u{b}chunked\r\n", "header.value_ctl");
}

#[test]
fn cve_2022_38150_varnish_crafted_reason() {
    refused("HTTP/1.1 200 \u{1}\r\n\r\n", "status_line.reason");
    refused("HTTP/1.1 200 \0\r\n\r\n", "status_line.reason");
}

#[test]
fn cve_2017_12425_varnish_and_cve_2013_2028_nginx_chunk_size_below_zero() {
    chunked("ffffffffffffffffff\r\n", "chunk.size_overflow");
    chunked("-1\r\n", "chunk.size_negative");
    // The largest there is: nothing is allocated for it, and nothing added to it.
    chunked("fffffffffffffffe\r\nabc", "premature_eof.chunk_data");
    chunked("ffffffffffffffff\r\nabc", "premature_eof.chunk_data");
}

#[test]
fn cve_2024_23326_envoy_200_is_no_upgrade() {
    let bytes = format!("{OK}Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\nx");
    let got = all_ways(bytes.as_bytes(), Eof::Open, request("GET", true), &Config::compatible());
    assert_eq!(got.head.unwrap().framing, "content-length");
}

#[test]
fn cve_2026_2833_pingora_tunnel_only_by_101_that_was_asked_for() {
    refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "unexpected.upgrade");
}

#[test]
fn cve_2026_2835_pingora_transfer_encoding_in_http10() {
    refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "framing.te_in_http10");
    refused(
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "framing.te_in_http10",
    );
}

#[test]
fn cve_2024_53868_traffic_server_junk_behind_a_chunk_size() {
    chunked("3 junk\r\nabc\r\n0\r\n\r\n", "chunk.size_invalid");
}

#[test]
fn cve_2021_3737_python_and_cve_2023_38039_curl_interim_responses_without_end() {
    refused(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(100), "too_large.interim");
    let large = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(20_000));
    refused(&large.repeat(10), "too_large.interim");
}

#[test]
fn cve_2025_13836_python_nothing_is_allocated_from_a_length() {
    let bytes = format!("{OK}Content-Length: 9223372036854775807\r\n\r\nabc");
    let got = all_ways(bytes.as_bytes(), Eof::Open, request("GET", false), &Config::strict());
    assert_eq!(got.body, b"abc");
}

#[test]
fn cve_2013_1752_python_lines_without_end() {
    refused(&format!("HTTP/1.1 200 {}", "O".repeat(10_000)), "too_large.status_line");
    refused(&format!("{OK}A: {}", "b".repeat(70_000)), "too_large.header_line");
}

#[test]
fn cve_2025_58056_netty_and_funky_chunks() {
    chunked("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n", "chunk.ext_invalid");
    chunked("5;\"\r\nhello\r\n0\r\n\r\n", "chunk.ext_invalid");
    chunked("5;a=\"x\\\r\nhello\r\n0\r\n\r\n", "chunk.ext_invalid");
    chunked("5;a=b\nhello\r\n0\r\n\r\n", "chunk.bare_lf");
    chunked("5;a=b\rX\r\nhello\r\n0\r\n\r\n", "chunk.bare_cr");
}

#[test]
fn cve_2023_47627_aiohttp_numbers_of_a_programming_language() {
    for (size, class) in [
        ("0x5", "chunk.size_0x"),
        ("5_0", "chunk.size_underscore"),
        ("+5", "chunk.size_plus"),
        ("-0", "chunk.size_negative"),
        ("\u{665}", "chunk.size_invalid"),
        (" 5", "chunk.size_invalid"),
    ] {
        chunked(&format!("{size}\r\nhello\r\n0\r\n\r\n"), class);
    }
    for length in ["0x5", "5_0", "+5", "-0", "5.0", "1e1", "5;", "5 "] {
        let expected = match length {
            "5 " => "premature_eof.content_length_body",
            "+5" => "framing.cl_plus",
            "-0" => "framing.cl_negative",
            _ => "framing.cl_invalid",
        };
        refused(&format!("{OK}Content-Length: {length}\r\n\r\n0"), expected);
    }
}

#[test]
fn cve_2024_52530_libsoup_nul_at_the_end_of_a_name() {
    fields("Transfer-Encoding\0: chunked\r\n", "header.name_invalid");
}

#[test]
fn cve_2020_35884_tiny_http_and_cve_2021_38512_actix_both_lengths() {
    fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "framing.cl_and_te");
    fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "framing.cl_and_te");
}

#[test]
fn cve_2020_10735_h11_long_content_length() {
    fields(&format!("Content-Length: {}\r\n", "9".repeat(60_000)), "framing.cl_overflow");
    let zeros = format!("{OK}Content-Length: {}1\r\n\r\nx", "0".repeat(1000));
    let got = all_ways(zeros.as_bytes(), Eof::Open, request("GET", false), &Config::strict());
    assert_eq!(got.body, b"x");
}

#[test]
fn httparse_reads_an_empty_chunk_size_as_zero() {
    for line in ["\r\n", ";a\r\n"] {
        chunked(&format!("{line}\r\n"), "chunk.size_empty");
    }
    for line in [" \r\n", "\t;x\r\n"] {
        chunked(&format!("{line}\r\n"), "chunk.size_invalid");
    }
}

#[test]
fn response_queue_poisoning_a_second_response_is_leftover() {
    let one = format!("{OK}Content-Length: 2\r\n\r\nab");
    let got =
        all_ways(format!("{one}{OK}X: y\r\n\r\n").as_bytes(), Eof::Open, request("GET", false), &Config::strict());
    assert_eq!(got.render(), format!("200 content-length \"ab\" /{}", one.len()));
}

#[test]
fn nginx_http09_fallback_nothing_goes_through_raw() {
    for bytes in
        ["\u{15}\u{3}\u{1}\0\u{2}", "<html>hello", "{\"json\":1}", "Status: 200\r\n\r\n", "HTTP/1.1 20X\r\n\r\n"]
    {
        let got = all_ways(bytes.as_bytes(), Eof::Clean, request("GET", false), &Config::compatible());
        assert!(got.head.is_none());
        assert!(got.render().starts_with("not_http.") || got.render().starts_with("status_line."), "{}", got.render());
    }
}

#[test]
fn ureq_proto_panicked_on_status_099() {
    refused("HTTP/1.1 099 x\r\n\r\n", "status_line.code_below_100");
}

#[test]
fn ureq_proto_panicked_on_a_name_of_70_000_bytes() {
    let bytes = format!("{OK}{}: x\r\nContent-Length: 0\r\n\r\n", "n".repeat(70_000));
    refused(&bytes, "too_large.header_line");
    // Allowed by who allows it, and then `http` cannot hold it: an error, no panic.
    let mut config = Config::strict();
    config.limits.header_line = 100_000;
    let mut parser = Parser::new(&config, Request::get());
    let step = parser.next(bytes.as_bytes(), Eof::Open).unwrap();
    let badgateway::h1::Event::Head(head, _) = step.event else { panic!() };
    assert_eq!(head.fields().next().unwrap().name().len(), 70_000);
    assert_eq!(head.to_parts().unwrap_err().kind(), badgateway::FaultKind::HeaderTooLarge);
    assert_eq!(Limits::default().header_line, 65_536);
}
