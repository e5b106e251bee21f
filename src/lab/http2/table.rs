//! Every behaviour of an HTTP/2 next hop, one row each: `name group rule, description => script`.
//!
//! The rules are those of RFC 9113: what is a stream error (section 5.4.2) or a malformed response (8.1.1) must not be
//! forwarded; what ends without `END_STREAM` is incomplete (8.1); what was refused may be asked again (8.7).

use super::frame::{Kind, flags};
use super::script::{Fields, Last, On, Script, Step};
use crate::lab::act::Act;
use crate::lab::behaviour::Rule::{Limit, Status, StatusOrCut, StatusOrWhole, Whole};
use crate::lab::behaviour::{Behaviour, Group};
use crate::lab::then::Then;
use Step::{
    Bytes, Cut, Data, End, Flood, Flow, Frame, Goaway, Head, Huge, Last as Ends, NoAck, Once, Pause, Reset, Settings,
    Times, Upload,
};

/// The upstream answered, or ended, wrongly (RFC 9110 section 15.6.3).
const BROKEN: &[u16] = &[502];
/// It would not do it (15.6.4).
const UNWILLING: &[u16] = &[502, 503];
/// It did not answer in time (15.6.5).
const LATE: &[u16] = &[504];
/// A limit or the clock, whichever strikes first.
const ENDLESS: &[u16] = &[502, 504];
const OK: &[u16] = &[200];
/// May be mended, may be refused.
const OK_OR_BROKEN: &[u16] = &[200, 502];

/// A good head, and one that has a length.
const GOOD: Fields = &[(":status", "200"), ("content-type", "text/plain")];
const SIX: Fields = &[(":status", "200"), ("content-type", "text/plain"), ("content-length", "6")];
const TEN: Fields = &[(":status", "200"), ("content-length", "10")];
const FIN: Step = Step::Then(Then::Fin);
const RST: Step = Step::Then(Then::Rst);
const HOLD: Step = Step::Then(Then::Hold);
/// What an answer is, where the fault was before it.
const ANSWER: &[Step] = &[Head(SIX), End(b"hello\n")];
const H2: &[&str] = &["h2"];

const GRPC: Fields = &[(":status", "200"), ("content-type", "application/grpc")];
/// A message of five bytes, by gRPC's framing.
const MESSAGE: &[u8] = b"\0\0\0\0\x05hello";
const GRPC_OK: Fields = &[("grpc-status", "0")];

macro_rules! table {
    ($($name:ident $group:ident $rule:expr, $description:literal => $script:expr;)*) => {
        /// Every behaviour of next hops that speak HTTP/2, by group. [`Builder::http2`](crate::lab::Builder::http2) starts
        /// them.
        pub static HTTP2_BEHAVIOURS: &[Behaviour] = &[$({
            let script: Script = $script;
            Behaviour {
                name: stringify!($name),
                group: Group::$group,
                tls: script.tls.is_some(),
                description: $description,
                rule: $rule,
                act: Act::Http2(script),
            }
        }),*];
    };
}

const fn answer(steps: &'static [Step]) -> Script {
    Script::answer(steps)
}

const fn open(steps: &'static [Step], then: &'static [Step]) -> Script {
    Script::open(steps, then)
}

table! {
h2_reset_on_accept Close Status(BROKEN), "RST as soon as the connection is accepted"
    => open(&[RST], &[]);
h2_close_on_accept Close Status(BROKEN), "FIN before any SETTINGS"
    => open(&[FIN], &[]);
h2_close_after_settings Close Status(BROKEN), "SETTINGS, then FIN at once"
    => open(&[Settings(b""), FIN], &[]);
h2_close_after_request Close Status(BROKEN), "FIN once the request was read"
    => answer(&[FIN]);
h2_reset_after_request Close Status(BROKEN), "RST once the request was read"
    => answer(&[RST]);
h2_close_mid_frame_header Close Status(BROKEN), "FIN within the header of a frame"
    => answer(&[Bytes(b"\0\0\x0a\x01"), FIN]);
h2_close_mid_head Close Status(BROKEN), "FIN within a header block: HEADERS without END_HEADERS"
    => answer(&[Frame(Kind::HEADERS, 0, On::This, b"\x88"), FIN]);
h2_close_mid_payload Close Status(BROKEN), "FIN within the payload of HEADERS"
    => answer(&[Bytes(b"\0\0\x40\x01\x04\0\0\0\x01\x88"), FIN]);
h2_close_after_head Close StatusOrCut(BROKEN), "FIN after the head, without END_STREAM"
    => answer(&[Head(GOOD), FIN]);
h2_close_mid_body Close StatusOrCut(BROKEN), "FIN after DATA, without END_STREAM and without a length"
    => answer(&[Head(GOOD), Data(b"hello"), FIN]);
h2_close_mid_length Close StatusOrCut(BROKEN), "FIN after half of the Content-Length"
    => answer(&[Head(TEN), Data(b"hello"), FIN]);
h2_close_full_length Close Limit(OK_OR_BROKEN), "FIN after all of the Content-Length, without END_STREAM"
    => answer(&[Head(SIX), Data(b"hello\n"), FIN]);
h2_close_mid_data Close StatusOrCut(BROKEN), "FIN within a DATA frame"
    => answer(&[Head(GOOD), Bytes(b"\0\0\x40\0\0\0\0\0\x01hello"), FIN]);
h2_reset_mid_body Close StatusOrCut(BROKEN), "RST of the connection after DATA"
    => answer(&[Head(GOOD), Data(b"hello"), RST]);
h2_close_mid_trailers Close StatusOrCut(BROKEN), "FIN within the header block of the trailers"
    => answer(&[Head(GOOD), Data(b"hello\n"), Frame(Kind::HEADERS, flags::END_STREAM, On::This, b"\0"), FIN]);

h2_http1_answer NotHttp Status(BROKEN), "an answer in HTTP/1.1 to the preface"
    => open(&[Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")], &[]);
h2_http1_400 NotHttp Status(BROKEN), "400 in HTTP/1.1 and FIN, as a server has that knows no HTTP/2"
    => open(&[Bytes(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), FIN], &[]);
h2_ssh_banner NotHttp Status(BROKEN), "an SSH server's banner"
    => open(&[Bytes(b"SSH-2.0-OpenSSH_9.6\r\n")], &[]);
h2_garbage NotHttp Status(BROKEN), "bytes without a meaning"
    => open(&[Bytes(b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4\xf3\xf2\xf1\xf0")], &[]);

h2_tls_http1_answer Tls Status(BROKEN), "h2 by ALPN, and an answer in HTTP/1.1"
    => open(&[Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")], &[]).tls(H2);
h2_tls_cut_mid_body Tls StatusOrCut(BROKEN), "FIN without a close_notify within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Cut]).tls(H2);
h2_tls_close_after_request Tls Status(BROKEN), "close_notify and FIN once the request was read"
    => answer(&[FIN]).tls(H2);
h2_tls_no_close_notify Tls Whole(OK), "FIN without a close_notify behind END_STREAM"
    => answer(&[Head(SIX), End(b"hello\n"), Cut]).tls(H2);
h2_tls_ok Tls Whole(OK), "200 over TLS, h2 by ALPN"
    => answer(ANSWER).tls(H2);

h2_first_frame_ping Frame Status(BROKEN), "PING before SETTINGS (section 3.4: SETTINGS MUST be the first frame)"
    => open(&[Frame(Kind::PING, 0, On::Number(0), b"12345678"), Settings(b"")], ANSWER);
h2_first_frame_headers Frame Status(BROKEN), "HEADERS before SETTINGS"
    => open(&[Frame(Kind::HEADERS, flags::END_HEADERS | flags::END_STREAM, On::Number(1), b"\x88"), Settings(b"")], &[]);
h2_settings_on_stream Frame Status(BROKEN), "SETTINGS on a stream (6.5)"
    => answer(&[Frame(Kind::SETTINGS, 0, On::This, b""), HOLD]);
h2_settings_length_5 Frame Status(BROKEN), "SETTINGS of five bytes (6.5)"
    => answer(&[Frame(Kind::SETTINGS, 0, On::Number(0), b"\0\x01\0\0\0"), HOLD]);
h2_settings_ack_payload Frame Status(BROKEN), "an acknowledgement of SETTINGS with a payload (6.5)"
    => answer(&[Frame(Kind::SETTINGS, flags::ACK, On::Number(0), b"\0\x01\0\0\0\0"), HOLD]);
h2_settings_push Frame Status(BROKEN), "SETTINGS_ENABLE_PUSH of 1 from a server (6.5.2)"
    => open(&[Settings(b"\0\x02\0\0\0\x01")], &[HOLD]);
h2_settings_push_2 Frame Status(BROKEN), "SETTINGS_ENABLE_PUSH of 2 (6.5.2)"
    => open(&[Settings(b"\0\x02\0\0\0\x02")], &[HOLD]);
h2_settings_window_2_31 Frame Status(BROKEN), "SETTINGS_INITIAL_WINDOW_SIZE of 2^31 (6.5.2)"
    => open(&[Settings(b"\0\x04\x80\0\0\0")], &[HOLD]);
h2_settings_frame_100 Frame Status(BROKEN), "SETTINGS_MAX_FRAME_SIZE of 100 (6.5.2)"
    => open(&[Settings(b"\0\x05\0\0\0\x64")], &[HOLD]);
h2_frame_too_large Frame Status(BROKEN), "a frame of 16,385 bytes, one more than was allowed (4.2)"
    => answer(&[Bytes(b"\0\x40\x01\x01\x04\0\0\0\x01"), Bytes(&[0; 16_385]), HOLD]);
h2_data_on_connection Frame Status(BROKEN), "DATA on stream 0 (6.1)"
    => answer(&[Frame(Kind::DATA, 0, On::Number(0), b"x"), HOLD]);
h2_headers_on_connection Frame Status(BROKEN), "HEADERS on stream 0 (6.2)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::Number(0), b"\x88"), HOLD]);
h2_reset_on_connection Frame Status(BROKEN), "RST_STREAM on stream 0 (6.4)"
    => answer(&[Frame(Kind::RST_STREAM, 0, On::Number(0), b"\0\0\0\x02"), HOLD]);
h2_reset_idle Frame Status(BROKEN), "RST_STREAM on a stream that nobody opened (6.4)"
    => answer(&[Frame(Kind::RST_STREAM, 0, On::Number(9999), b"\0\0\0\x02"), HOLD]);
h2_reset_length_3 Frame Status(BROKEN), "RST_STREAM of three bytes (6.4)"
    => answer(&[Frame(Kind::RST_STREAM, 0, On::This, b"\0\0\x02"), HOLD]);
h2_window_0_connection Frame Status(BROKEN), "WINDOW_UPDATE of 0 on the connection (6.9)"
    => answer(&[Frame(Kind::WINDOW_UPDATE, 0, On::Number(0), b"\0\0\0\0"), HOLD]);
h2_window_0_stream Frame Status(BROKEN), "WINDOW_UPDATE of 0 on the stream (6.9)"
    => answer(&[Frame(Kind::WINDOW_UPDATE, 0, On::This, b"\0\0\0\0"), HOLD]);
h2_window_overflow_connection Frame Status(BROKEN), "a window of the connection above 2^31-1 (6.9.1)"
    => answer(&[Frame(Kind::WINDOW_UPDATE, 0, On::Number(0), b"\x7f\xff\xff\xff"), HOLD]);
h2_window_overflow_stream Frame Status(BROKEN), "a window of the stream above 2^31-1 (6.9.1)"
    => answer(&[Frame(Kind::WINDOW_UPDATE, 0, On::This, b"\x7f\xff\xff\xff"), HOLD]);
h2_ping_length_7 Frame Status(BROKEN), "PING of seven bytes (6.7)"
    => answer(&[Frame(Kind::PING, 0, On::Number(0), b"1234567"), HOLD]);
h2_ping_on_stream Frame Status(BROKEN), "PING on a stream (6.7)"
    => answer(&[Frame(Kind::PING, 0, On::This, b"12345678"), HOLD]);
h2_goaway_on_stream Frame Status(BROKEN), "GOAWAY on a stream (6.8)"
    => answer(&[Frame(Kind::GOAWAY, 0, On::This, b"\0\0\0\x01\0\0\0\0"), HOLD]);
h2_push_promise Frame Status(BROKEN), "PUSH_PROMISE, which nobody allowed (6.6)"
    => answer(&[Frame(Kind::PUSH_PROMISE, flags::END_HEADERS, On::This, b"\0\0\0\x02\x82\x86\x84\x41\x01a"), HOLD]);
h2_continuation_alone Frame Status(BROKEN), "CONTINUATION without HEADERS (6.10)"
    => answer(&[Frame(Kind::CONTINUATION, flags::END_HEADERS, On::This, b"\x88"), HOLD]);
h2_interleaved_head Frame Status(BROKEN), "PING within a header block (6.2)"
    => answer(&[Frame(Kind::HEADERS, 0, On::This, b"\x88"), Frame(Kind::PING, 0, On::Number(0), b"12345678"), HOLD]);
h2_even_stream Frame Status(BROKEN), "HEADERS on a stream of the server's, which it never promised (5.1.1)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::Number(2), b"\x88"), HOLD]);
h2_future_stream Frame Status(BROKEN), "HEADERS on a stream that the client has not opened (5.1)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::Number(9999), b"\x88"), HOLD]);
h2_padding_too_long Frame StatusOrCut(BROKEN), "DATA with more padding than payload (6.1)"
    => answer(&[Head(GOOD), Frame(Kind::DATA, flags::PADDED, On::This, b"\x0ahello"), HOLD]);

h2_hpack_index_0 Head Status(BROKEN), "an indexed field of index 0 (RFC 7541 section 6.1)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\x80"), HOLD]);
h2_hpack_index_far Head Status(BROKEN), "an indexed field beyond both tables (RFC 7541 section 2.3.3)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\x88\xff\x80\x01"), HOLD]);
h2_hpack_huffman Head Status(BROKEN), "a Huffman code padded with more than seven bits (RFC 7541 section 5.2)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\x88\0\x81\xff\x01a"), HOLD]);
h2_hpack_table Head Status(BROKEN), "a dynamic table larger than was allowed (RFC 7541 section 6.3)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\x3f\xe1\xff\x7f\x88"), HOLD]);
h2_hpack_cut Head Status(BROKEN), "a header block that ends within a field"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\x88\0\x05serv"), HOLD]);
h2_hpack_integer Head Status(BROKEN), "an integer without an end (RFC 7541 section 5.1)"
    => answer(&[Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), HOLD]);
h2_uppercase_name Head Status(BROKEN), "a field name in upper case (8.2.1)"
    => answer(&[Head(&[(":status", "200"), ("X-Upper", "1")]), End(b"hello\n")]);
h2_connection_field Head Status(BROKEN), "Connection: close (8.2.2)"
    => answer(&[Head(&[(":status", "200"), ("connection", "close")]), End(b"hello\n")]);
h2_keep_alive_field Head Status(BROKEN), "Keep-Alive (8.2.2)"
    => answer(&[Head(&[(":status", "200"), ("keep-alive", "timeout=5")]), End(b"hello\n")]);
h2_proxy_connection Head Status(BROKEN), "Proxy-Connection (8.2.2)"
    => answer(&[Head(&[(":status", "200"), ("proxy-connection", "keep-alive")]), End(b"hello\n")]);
h2_upgrade_field Head Status(BROKEN), "Upgrade (8.2.2)"
    => answer(&[Head(&[(":status", "200"), ("upgrade", "websocket")]), End(b"hello\n")]);
h2_transfer_encoding Head Status(BROKEN), "Transfer-Encoding: chunked (8.2.2)"
    => answer(&[Head(&[(":status", "200"), ("transfer-encoding", "chunked")]), End(b"6\r\nhello\n\r\n0\r\n\r\n")]);
h2_no_status Head Status(BROKEN), "no :status (8.3.2)"
    => answer(&[Head(&[("content-type", "text/plain")]), End(b"hello\n")]);
h2_empty_head Head Status(BROKEN), "a header block without a field (8.3.2)"
    => answer(&[Head(&[]), End(b"hello\n")]);
h2_status_twice Head Status(BROKEN), "two :status (8.3)"
    => answer(&[Head(&[(":status", "200"), (":status", "204")]), End(b"hello\n")]);
h2_status_late Head Status(BROKEN), ":status behind a field (8.3)"
    => answer(&[Head(&[("content-type", "text/plain"), (":status", "200")]), End(b"hello\n")]);
h2_status_text Head Status(BROKEN), ":status abc (RFC 9110 section 15)"
    => answer(&[Head(&[(":status", "abc")]), End(b"hello\n")]);
h2_status_99 Head Status(BROKEN), ":status 99"
    => answer(&[Head(&[(":status", "99")]), End(b"hello\n")]);
h2_status_099 Head Status(BROKEN), ":status 099"
    => answer(&[Head(&[(":status", "099")]), End(b"hello\n")]);
h2_status_1000 Head Status(BROKEN), ":status 1000"
    => answer(&[Head(&[(":status", "1000")]), End(b"hello\n")]);
h2_status_700 Head Status(BROKEN), ":status 700, above what RFC 9110 section 15 has"
    => answer(&[Head(&[(":status", "700")]), End(b"hello\n")]);
h2_status_empty Head Status(BROKEN), "an empty :status"
    => answer(&[Head(&[(":status", "")]), End(b"hello\n")]);
h2_status_with_reason Head Status(BROKEN), ":status 200 OK (8.3.2: there is no reason phrase)"
    => answer(&[Head(&[(":status", "200 OK")]), End(b"hello\n")]);
h2_request_pseudo Head Status(BROKEN), ":path in a response (8.3)"
    => answer(&[Head(&[(":status", "200"), (":path", "/evil")]), End(b"hello\n")]);
h2_unknown_pseudo Head Status(BROKEN), "a pseudo-field that nobody knows (8.3)"
    => answer(&[Head(&[(":status", "200"), (":version", "HTTP/1.1")]), End(b"hello\n")]);
h2_name_empty Head Status(BROKEN), "an empty field name"
    => answer(&[Head(&[(":status", "200"), ("", "x")]), End(b"hello\n")]);
h2_name_space Head Status(BROKEN), "a space in a field name (8.2.1)"
    => answer(&[Head(&[(":status", "200"), ("x bad", "1")]), End(b"hello\n")]);
h2_name_colon Head Status(BROKEN), "a colon in a field name (8.2.1)"
    => answer(&[Head(&[(":status", "200"), ("x:bad", "1")]), End(b"hello\n")]);
h2_name_crlf Head Status(BROKEN), "a line end in a field name (8.2.1)"
    => answer(&[Head(&[(":status", "200"), ("x\r\nset-cookie", "1")]), End(b"hello\n")]);
h2_value_nul Head Status(BROKEN), "NUL in a value (8.2.1)"
    => answer(&[Head(&[(":status", "200"), ("x-bad", "a\0b")]), End(b"hello\n")]);
h2_value_crlf Head Status(BROKEN), "a line end in a value (8.2.1)"
    => answer(&[Head(&[(":status", "200"), ("x-bad", "a\r\nset-cookie: b")]), End(b"hello\n")]);
h2_value_space Head StatusOrWhole(OK_OR_BROKEN), "a value with spaces around it (8.2.1: MUST NOT)"
    => answer(&[Head(&[(":status", "200"), ("x-space", " a ")]), End(b"hello\n")]);
h2_head_too_large Head Status(BROKEN), "a head of 1 MiB"
    => answer(&[Huge(1 << 20), End(b"hello\n")]);
h2_continuation_flood Head Status(ENDLESS), "CONTINUATION after CONTINUATION, empty ones, 100,000 times"
    => answer(&[Frame(Kind::HEADERS, 0, On::This, b"\x88"), Times(100_000, &[Frame(Kind::CONTINUATION, 0, On::This, b"")]), HOLD]);

h2_length_short Framing StatusOrCut(BROKEN), "a Content-Length of 10 and five bytes (8.1.1)"
    => answer(&[Head(TEN), End(b"hello")]);
h2_length_long Framing StatusOrCut(BROKEN), "a Content-Length of 10 and twenty bytes (8.1.1)"
    => answer(&[Head(TEN), End(b"hellohellohellohello")]);
h2_length_none Framing StatusOrCut(BROKEN), "a Content-Length of 10 and no DATA at all (8.1.1)"
    => answer(&[Ends(TEN)]);
h2_length_trailers Framing StatusOrCut(BROKEN), "a Content-Length of 10, five bytes, trailers (8.1.1)"
    => answer(&[Head(TEN), Data(b"hello"), Ends(&[("x-checksum", "42")])]);
h2_length_two Framing Status(BROKEN), "two Content-Lengths (RFC 9110 section 8.6)"
    => answer(&[Head(&[(":status", "200"), ("content-length", "6"), ("content-length", "10")]), End(b"hello\n")]);
h2_length_list Framing StatusOrWhole(OK_OR_BROKEN), "Content-Length: 6, 6 (RFC 9110 section 8.6)"
    => answer(&[Head(&[(":status", "200"), ("content-length", "6, 6")]), End(b"hello\n")]);
h2_length_text Framing Status(BROKEN), "Content-Length: six"
    => answer(&[Head(&[(":status", "200"), ("content-length", "six")]), End(b"hello\n")]);
h2_length_plus Framing Status(BROKEN), "Content-Length: +6"
    => answer(&[Head(&[(":status", "200"), ("content-length", "+6")]), End(b"hello\n")]);
h2_length_negative Framing Status(BROKEN), "Content-Length: -6"
    => answer(&[Head(&[(":status", "200"), ("content-length", "-6")]), End(b"hello\n")]);
h2_length_overflow Framing StatusOrCut(BROKEN), "a Content-Length above 2^64"
    => answer(&[Head(&[(":status", "200"), ("content-length", "18446744073709551622")]), End(b"hello\n")]);
h2_data_first Framing Status(BROKEN), "DATA before the head (8.1)"
    => answer(&[Data(b"hello"), Head(GOOD), End(b"hello\n")]);
h2_two_heads Framing StatusOrCut(BROKEN), "a second head behind the first (8.1)"
    => answer(&[Head(GOOD), Head(GOOD), End(b"hello\n")]);
h2_trailers_no_end Framing StatusOrCut(BROKEN), "trailers without END_STREAM (8.1)"
    => answer(&[Head(GOOD), Data(b"hello\n"), Head(&[("x-checksum", "42")]), HOLD]);
h2_trailers_pseudo Framing StatusOrCut(BROKEN), "a pseudo-field in the trailers (8.1)"
    => answer(&[Head(GOOD), Data(b"hello\n"), Ends(&[(":status", "200"), ("x-checksum", "42")])]);
h2_trailers_uppercase Framing StatusOrCut(BROKEN), "a trailer in upper case (8.2.1)"
    => answer(&[Head(GOOD), Data(b"hello\n"), Ends(&[("X-Checksum", "42")])]);
h2_trailers_framing Framing Limit(OK_OR_BROKEN), "Content-Length in the trailers (RFC 9110 section 6.5.1): dropped, or refused"
    => answer(&[Head(GOOD), Data(b"hello\n"), Ends(&[("content-length", "99"), ("x-checksum", "42")])]);
h2_data_after_end Framing Limit(OK_OR_BROKEN), "DATA behind END_STREAM (5.1): the body is whole"
    => answer(&[Head(SIX), End(b"hello\n"), Data(b"EVIL"), HOLD]);
h2_head_after_end Framing Limit(OK_OR_BROKEN), "a head behind END_STREAM (5.1): the body is whole"
    => answer(&[Head(SIX), End(b"hello\n"), Head(GOOD), HOLD]);
h2_window_ignored Framing Limit(&[200, 502, 504]), "24 MiB of DATA, whatever the window (5.2, 6.9): who reads fast may never see it"
    => answer(&[Head(GOOD), Flood(24 << 20), End(b"")]);
h2_empty_data_flood Framing Limit(ENDLESS), "empty DATA, a million times"
    => answer(&[Head(GOOD), Times(1_000_000, &[Data(b"")]), HOLD]);

h2_101 Status Status(BROKEN), "101, which HTTP/2 has not (8.6)"
    => answer(&[Head(&[(":status", "101"), ("x-a", "1")]), HOLD]);
h2_1xx_ends Status Status(BROKEN), "103 that ends the stream (8.1.1)"
    => answer(&[Ends(&[(":status", "103")])]);
h2_1xx_then_reset Status Status(BROKEN), "103, then RST_STREAM"
    => answer(&[Head(&[(":status", "103"), ("link", "</a.css>")]), Reset(2)]);
h2_1xx_data Status Status(BROKEN), "103, then DATA (8.1)"
    => answer(&[Head(&[(":status", "103")]), End(b"hello\n")]);
h2_many_1xx Status Status(ENDLESS), "103 without an end"
    => answer(&[Times(2_000, &[Head(&[(":status", "103"), ("link", "</a.css>")])]), HOLD]);
h2_204_data Status StatusOrWhole(&[204, 502]), "204 with DATA (RFC 9110 section 15.3.5)"
    => answer(&[Head(&[(":status", "204")]), End(b"EVIL")]);
h2_204_length Status StatusOrWhole(&[204, 502]), "204 with a Content-Length (RFC 9110 section 8.6)"
    => answer(&[Ends(&[(":status", "204"), ("content-length", "6")])]);
h2_205_data Status Limit(&[205, 502]), "205 with DATA (RFC 9110 section 15.3.6)"
    => answer(&[Head(&[(":status", "205")]), End(b"EVIL")]);
h2_304_data Status StatusOrWhole(&[304, 502]), "304 with DATA (RFC 9110 section 15.4.5)"
    => answer(&[Head(&[(":status", "304")]), End(b"EVIL")]);

h2_silence Time Status(LATE), "not a byte, not even SETTINGS"
    => open(&[NoAck], &[HOLD]);
h2_no_answer Time Status(LATE), "SETTINGS, and no answer"
    => answer(&[HOLD]);
h2_stall_after_1xx Time Status(LATE), "103, then silence"
    => answer(&[Head(&[(":status", "103")]), HOLD]);
h2_stall_mid_head Time Status(ENDLESS), "HEADERS without END_HEADERS, then silence; a second stream breaks into them"
    => answer(&[Frame(Kind::HEADERS, 0, On::This, b"\x88"), HOLD]);
h2_stall_after_head Time StatusOrCut(LATE), "a head, then silence"
    => answer(&[Head(GOOD), HOLD]);
h2_stall_mid_body Time StatusOrCut(LATE), "DATA, then silence"
    => answer(&[Head(GOOD), Data(b"hello"), HOLD]);
h2_no_streams Time Status(&[502, 503, 504]), "SETTINGS_MAX_CONCURRENT_STREAMS of 0, for ever"
    => open(&[Settings(b"\0\x03\0\0\0\0")], &[HOLD]);
h2_pings_alone Time Status(ENDLESS), "PING every 50 ms, and no answer"
    => answer(&[Times(1_000, &[Frame(Kind::PING, 0, On::Number(0), b"12345678"), Pause(50)]), HOLD]);
h2_windows_alone Time Status(LATE), "WINDOW_UPDATE every 50 ms, and no answer"
    => answer(&[Times(1_000, &[Frame(Kind::WINDOW_UPDATE, 0, On::Number(0), b"\0\0\0\x01"), Pause(50)]), HOLD]);
h2_settings_alone Time Status(ENDLESS), "SETTINGS every 50 ms, and no answer"
    => answer(&[Times(1_000, &[Settings(b""), Pause(50)]), HOLD]);
h2_ping_flood Time Status(ENDLESS), "100,000 PINGs, and no answer"
    => answer(&[Times(100_000, &[Frame(Kind::PING, 0, On::Number(0), b"12345678")]), HOLD]);
h2_settings_flood Time Status(ENDLESS), "100,000 SETTINGS, and no answer"
    => answer(&[Times(100_000, &[Settings(b"")]), HOLD]);

h2_rst_no_error Reset Status(BROKEN), "RST_STREAM(NO_ERROR) before a head"
    => answer(&[Reset(0x0)]);
h2_rst_protocol_error Reset Status(BROKEN), "RST_STREAM(PROTOCOL_ERROR) before a head"
    => answer(&[Reset(0x1)]);
h2_rst_internal_error Reset Status(BROKEN), "RST_STREAM(INTERNAL_ERROR) before a head"
    => answer(&[Reset(0x2)]);
h2_rst_flow_control Reset Status(BROKEN), "RST_STREAM(FLOW_CONTROL_ERROR) before a head"
    => answer(&[Reset(0x3)]);
h2_rst_settings_timeout Reset Status(BROKEN), "RST_STREAM(SETTINGS_TIMEOUT) before a head"
    => answer(&[Reset(0x4)]);
h2_rst_stream_closed Reset Status(BROKEN), "RST_STREAM(STREAM_CLOSED) before a head"
    => answer(&[Reset(0x5)]);
h2_rst_frame_size Reset Status(BROKEN), "RST_STREAM(FRAME_SIZE_ERROR) before a head"
    => answer(&[Reset(0x6)]);
h2_rst_refused Reset Status(UNWILLING), "RST_STREAM(REFUSED_STREAM), however often it is asked"
    => answer(&[Reset(0x7)]);
h2_rst_cancel Reset Status(BROKEN), "RST_STREAM(CANCEL) before a head"
    => answer(&[Reset(0x8)]);
h2_rst_compression Reset Status(BROKEN), "RST_STREAM(COMPRESSION_ERROR) before a head"
    => answer(&[Reset(0x9)]);
h2_rst_connect Reset Status(BROKEN), "RST_STREAM(CONNECT_ERROR) before a head"
    => answer(&[Reset(0xa)]);
h2_rst_calm Reset Status(UNWILLING), "RST_STREAM(ENHANCE_YOUR_CALM) before a head"
    => answer(&[Reset(0xb)]);
h2_rst_security Reset Status(BROKEN), "RST_STREAM(INADEQUATE_SECURITY) before a head"
    => answer(&[Reset(0xc)]);
h2_rst_http11 Reset Status(BROKEN), "RST_STREAM(HTTP_1_1_REQUIRED) before a head"
    => answer(&[Reset(0xd)]);
h2_rst_unknown Reset Status(BROKEN), "RST_STREAM with a code that nobody knows (7)"
    => answer(&[Reset(0xdead)]);
h2_rst_no_error_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(NO_ERROR) within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0x0)]);
h2_rst_protocol_error_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(PROTOCOL_ERROR) within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0x1)]);
h2_rst_internal_error_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(INTERNAL_ERROR) within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0x2)]);
h2_rst_refused_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(REFUSED_STREAM) within the body: it is no promise any more"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0x7)]);
h2_rst_cancel_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(CANCEL) within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0x8)]);
h2_rst_calm_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(ENHANCE_YOUR_CALM) within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0xb)]);
h2_rst_http11_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM(HTTP_1_1_REQUIRED) within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0xd)]);
h2_rst_unknown_mid_body Reset StatusOrCut(BROKEN), "RST_STREAM with a code that nobody knows, within the body"
    => answer(&[Head(GOOD), Data(b"hello"), Reset(0xdead)]);
h2_rst_full_length Reset Limit(OK_OR_BROKEN), "RST_STREAM(CANCEL) after all of the Content-Length, without END_STREAM"
    => answer(&[Head(SIX), Data(b"hello\n"), Reset(0x8)]);
h2_rst_after_end Reset Whole(OK), "RST_STREAM(NO_ERROR) behind END_STREAM (8.1)"
    => answer(&[Head(SIX), End(b"hello\n"), Reset(0x0)]);
h2_rst_cancel_after_end Reset Limit(OK_OR_BROKEN), "RST_STREAM(CANCEL) behind END_STREAM: the body is whole"
    => answer(&[Head(SIX), End(b"hello\n"), Reset(0x8)]);
h2_rst_refused_once Reset Whole(OK), "RST_STREAM(REFUSED_STREAM) the first time, then 200 (8.7: it may be asked again)"
    => answer(&[Once(&[Reset(0x7)]), Head(SIX), End(b"hello\n")]);

h2_goaway_below Goaway Status(UNWILLING), "GOAWAY that has not processed the request, however often it is asked"
    => answer(&[Goaway(Last::Below, 0), Pause(20), FIN]);
h2_goaway_below_once Goaway Whole(OK), "GOAWAY that has not processed the request, and on the next connection 200"
    => answer(&[Once(&[Goaway(Last::Below, 0), Pause(20), FIN]), Head(SIX), End(b"hello\n")]);
h2_goaway_then_close Goaway Status(BROKEN), "GOAWAY that may have processed the request, then FIN without an answer"
    => answer(&[Goaway(Last::This, 0), Pause(20), FIN]);
h2_goaway_then_answer Goaway Whole(OK), "GOAWAY that names the request, then its answer"
    => answer(&[Goaway(Last::This, 0), Head(SIX), End(b"hello\n"), FIN]);
h2_goaway_graceful Goaway Whole(OK), "GOAWAY with the highest number, the answer, another GOAWAY, FIN (6.8)"
    => answer(&[Goaway(Last::Max, 0), Head(SIX), Data(b"hel"), Pause(30), Goaway(Last::This, 0), End(b"lo\n"), FIN]);
h2_goaway_mid_body_close Goaway StatusOrCut(BROKEN), "GOAWAY within the body, then FIN"
    => answer(&[Head(GOOD), Data(b"hello"), Goaway(Last::This, 0), Pause(20), FIN]);
h2_goaway_protocol_error Goaway Status(BROKEN), "GOAWAY(PROTOCOL_ERROR), then FIN"
    => answer(&[Goaway(Last::This, 1), Pause(20), FIN]);
h2_goaway_internal_error Goaway Status(BROKEN), "GOAWAY(INTERNAL_ERROR), then FIN"
    => answer(&[Goaway(Last::This, 2), Pause(20), FIN]);
h2_goaway_calm Goaway Status(UNWILLING), "GOAWAY(ENHANCE_YOUR_CALM), then FIN"
    => answer(&[Goaway(Last::This, 0xb), Pause(20), FIN]);
h2_goaway_http11 Goaway Status(BROKEN), "GOAWAY(HTTP_1_1_REQUIRED), then FIN"
    => answer(&[Goaway(Last::This, 0xd), Pause(20), FIN]);
h2_goaway_first Goaway Status(UNWILLING), "SETTINGS and GOAWAY before any request, then FIN"
    => open(&[Settings(b""), Goaway(Last::This, 0), FIN], &[]);
h2_goaway_grows Goaway Status(UNWILLING), "a second GOAWAY whose last stream is above the first one's (6.8: MUST NOT)"
    => answer(&[Goaway(Last::Below, 0), Goaway(Last::Max, 0), Pause(20), FIN]);

grpc_ok Grpc Whole(OK), "a message, and grpc-status 0 in the trailers"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), Ends(GRPC_OK)]);
grpc_trailers_only Grpc Whole(OK), "grpc-status 5 in a head that ends the stream"
    => answer(&[Ends(&[(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "no such thing")])]);
grpc_unavailable Grpc Whole(OK), "a message, and grpc-status 14 in the trailers"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), Ends(&[("grpc-status", "14")])]);
grpc_no_status Grpc Limit(OK_OR_BROKEN), "trailers without a grpc-status"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), Ends(&[("x-a", "1")])]);
grpc_no_trailers Grpc Limit(OK_OR_BROKEN), "a message, and no trailers"
    => answer(&[Upload, Head(GRPC), End(MESSAGE)]);
grpc_nothing Grpc Limit(OK_OR_BROKEN), "a head that ends the stream, without a grpc-status"
    => answer(&[Upload, Ends(GRPC)]);
grpc_status_99 Grpc Limit(OK_OR_BROKEN), "grpc-status 99, which nobody knows"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), Ends(&[("grpc-status", "99")])]);
grpc_status_text Grpc Limit(OK_OR_BROKEN), "grpc-status OK"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), Ends(&[("grpc-status", "OK")])]);
grpc_status_head Grpc Limit(OK_OR_BROKEN), "grpc-status 0 in the head, a message, no trailers"
    => answer(&[Upload, Head(&[(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "0")]), End(MESSAGE)]);
grpc_502_page Grpc Whole(&[502]), "502 with a page"
    => answer(&[Upload, Head(&[(":status", "502"), ("content-type", "text/html")]), End(b"<html>Bad Gateway</html>")]);
grpc_503_page Grpc Whole(&[503]), "503 with a page"
    => answer(&[Upload, Head(&[(":status", "503"), ("content-type", "text/html")]), End(b"<html>Unavailable</html>")]);
grpc_200_page Grpc Whole(OK), "200 with a page"
    => answer(&[Upload, Head(&[(":status", "200"), ("content-type", "text/html")]), End(b"<html>hello</html>")]);
grpc_401 Grpc Whole(&[401]), "401 without a body"
    => answer(&[Upload, Ends(&[(":status", "401")])]);
grpc_404 Grpc Whole(&[404]), "404 without a body"
    => answer(&[Upload, Ends(&[(":status", "404")])]);
grpc_429 Grpc Whole(&[429]), "429 without a body"
    => answer(&[Upload, Ends(&[(":status", "429")])]);
grpc_message_cut Grpc StatusOrCut(BROKEN), "RST_STREAM(INTERNAL_ERROR) within a message"
    => answer(&[Upload, Head(GRPC), Data(b"\0\0\0\0\x40hello"), Reset(0x2)]);
grpc_message_close Grpc StatusOrCut(BROKEN), "FIN within a message"
    => answer(&[Upload, Head(GRPC), Data(b"\0\0\0\0\x40hello"), FIN]);
grpc_cancel Grpc StatusOrCut(BROKEN), "a message, then RST_STREAM(CANCEL)"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), Reset(0x8)]);
grpc_refused Grpc Status(UNWILLING), "RST_STREAM(REFUSED_STREAM), however often it is asked"
    => answer(&[Reset(0x7)]);
grpc_silence Grpc Status(LATE), "no answer"
    => answer(&[HOLD]);
grpc_stall Grpc StatusOrCut(LATE), "a message, then silence"
    => answer(&[Upload, Head(GRPC), Data(MESSAGE), HOLD]);

h2_ok Control Whole(OK), "200 with a Content-Length"
    => answer(ANSWER);
h2_ok_no_length Control Whole(OK), "200 without a Content-Length"
    => answer(&[Head(GOOD), Data(b"hello"), End(b"\n")]);
h2_ok_empty_end Control Whole(OK), "200, DATA, and an empty DATA that ends the stream"
    => answer(&[Head(GOOD), Data(b"hello\n"), End(b"")]);
h2_ok_empty Control Whole(OK), "200 without a body"
    => answer(&[Ends(&[(":status", "200")])]);
h2_ok_trailers Control Whole(OK), "200 with trailers"
    => answer(&[Head(GOOD), Data(b"hello\n"), Ends(&[("x-checksum", "42")])]);
h2_ok_padded Control Whole(OK), "200 with padding"
    => answer(&[Head(GOOD), Frame(Kind::DATA, flags::PADDED | flags::END_STREAM, On::This, b"\x04hello\n\0\0\0\0")]);
h2_ok_priority Control Whole(OK), "200 with a priority in HEADERS, and PRIORITY (5.3.2: deprecated, and ignored)"
    => answer(&[
        Frame(Kind::PRIORITY, 0, On::This, b"\0\0\0\0\x10"),
        Frame(Kind::HEADERS, flags::END_HEADERS | flags::PRIORITY, On::This, b"\0\0\0\0\x10\x88"),
        End(b"hello\n"),
    ]);
h2_ok_indexed Control Whole(OK), "200 by the static table, compressed, and by the dynamic table"
    => answer(&[
        Frame(Kind::HEADERS, flags::END_HEADERS, On::This, b"\x88\x40\x03x-a\x82\x64\x02\xbe"),
        End(b"hello\n"),
    ]);
h2_ok_continuation Control Whole(OK), "200 whose head comes in three frames"
    => answer(&[
        Frame(Kind::HEADERS, 0, On::This, b"\x88\0\x03x-"),
        Frame(Kind::CONTINUATION, 0, On::This, b"a\x01"),
        Frame(Kind::CONTINUATION, flags::END_HEADERS, On::This, b"b"),
        End(b"hello\n"),
    ]);
h2_ok_unknown_frame Control Whole(OK), "200 behind a frame of a kind that nobody knows (5.5)"
    => answer(&[Frame(Kind::UNKNOWN, 0xff, On::This, b"whatever"), Head(SIX), End(b"hello\n")]);
h2_ok_unknown_setting Control Whole(OK), "200, and a setting that nobody knows (6.5.2)"
    => open(&[Settings(b"\0\xff\0\0\0\x07")], ANSWER);
h2_ok_reserved_bit Control Whole(OK), "200 with the reserved bit set (4.1: ignored)"
    => answer(&[Head(SIX), Frame(Kind::PING, 0, On::Number(0x8000_0000), b"12345678"), End(b"hello\n")]);
h2_ok_no_ack Control Whole(OK), "200, and no acknowledgement of SETTINGS"
    => open(&[NoAck, Settings(b"")], ANSWER);
h2_ok_one_stream Control Whole(OK), "200, one stream at a time"
    => open(&[Settings(b"\0\x03\0\0\0\x01")], ANSWER);
h2_ok_no_table Control Whole(OK), "200, and a dynamic table of size 0"
    => open(&[Settings(b"\0\x01\0\0\0\0")], ANSWER);
h2_ok_103 Control Whole(OK), "103 Early Hints, then 200"
    => answer(&[Head(&[(":status", "103"), ("link", "</a.css>; rel=preload")]), Head(SIX), End(b"hello\n")]);
h2_ok_100 Control Whole(OK), "100 Continue, then 200"
    => answer(&[Head(&[(":status", "100")]), Head(SIX), End(b"hello\n")]);
h2_ok_large Control Whole(OK), "200 with a body of 2 MiB, as far as the windows allow"
    => answer(&[Head(GOOD), Flow(2 << 20), End(b"")]);
h2_ok_many_frames Control Whole(OK), "200 in a thousand frames of one byte"
    => answer(&[Head(GOOD), Times(1_000, &[Data(b"x")]), End(b"")]);
h2_ok_slow Control Whole(OK), "200 after 300 ms"
    => answer(&[Pause(300), Head(SIX), End(b"hello\n")]);
h2_ok_upload Control Whole(OK), "200 once the request's body was read"
    => answer(&[Upload, Head(SIX), End(b"hello\n")]);
h2_204 Control Whole(&[204]), "204"
    => answer(&[Ends(&[(":status", "204")])]);
h2_304 Control Whole(&[304]), "304 with the length of what is not there (RFC 9110 section 8.6)"
    => answer(&[Ends(&[(":status", "304"), ("content-length", "6")])]);
h2_404 Control Whole(&[404]), "404 with a body"
    => answer(&[Head(&[(":status", "404"), ("content-length", "6")]), End(b"hello\n")]);
h2_500 Control Whole(&[500]), "the upstream's own 500"
    => answer(&[Head(&[(":status", "500"), ("content-length", "6")]), End(b"hello\n")]);
h2_502 Control Whole(&[502]), "the upstream's own 502"
    => answer(&[Head(&[(":status", "502"), ("content-length", "6")]), End(b"hello\n")]);
h2_503 Control Whole(&[503]), "the upstream's own 503, with Retry-After: 7"
    => answer(&[Ends(&[(":status", "503"), ("retry-after", "7")])]);
}
