//! The table: every behaviour of the lab, one row each.
//!
//! One rule: a new behaviour is a row here, and at most a small function in `fault.rs`,
//! `upload.rs` or `control.rs`. Rows: `name group rule, description => act`.

use super::act::Act::{Blackhole, Greet, Named, NotTls, Plain, Refused, Say, Tls, Url};
use super::behaviour::Rule::{Cut, Limit, Status, StatusOrCut, StatusOrWhole, Whole};
use super::behaviour::{Behaviour, Group};
use super::cert::Cert;
use super::then::Then::{Fin, Hold, Keep, Rst};
use super::{control, fault, upload};

/// The upstream answered, or ended, wrongly (RFC 9110 section 15.6.3).
const BROKEN: &[u16] = &[502];
/// There is no upstream to speak of: 502, or 503 (15.6.4).
const ABSENT: &[u16] = &[502, 503];
/// It did not answer in time (15.6.5).
const LATE: &[u16] = &[504];
/// It went on and on: a limit (502) or the clock (504), whichever strikes first.
const ENDLESS: &[u16] = &[502, 504];
const OK: &[u16] = &[200];
/// May be mended, may be refused.
const OK_OR_BROKEN: &[u16] = &[200, 502];

macro_rules! table {
    ($($name:ident $group:ident $rule:expr, $description:literal => $act:expr;)*) => {
        /// Every behaviour there is, by group and then in an order that explains itself.
        pub static BEHAVIOURS: &[Behaviour] = &[$({
            let act = $act;
            Behaviour {
                name: stringify!($name),
                group: Group::$group,
                tls: act.is_tls(),
                description: $description,
                rule: $rule,
                act,
            }
        }),*];
    };
}

table! {
refused Connect Status(ABSENT), "nobody listens on the port: the SYN is answered with RST"
    => Refused;
blackhole Connect Status(LATE), "every SYN is dropped, as by a firewall (Linux)"
    => Blackhole;
unreachable Connect Status(ABSENT), "an address to which there is no route (ENETUNREACH)"
    => Url("http://224.0.0.1:9");
dns_nxdomain Connect Status(ABSENT), "the name does not exist (NXDOMAIN)"
    => Url("http://nxdomain.lab.test:80");
dns_nodata Connect Status(ABSENT), "the name exists and has no address (NOERROR, no records)"
    => Url("http://nodata.lab.test:80");
dns_servfail Connect Status(ABSENT), "the name server fails (SERVFAIL)"
    => Url("http://servfail.lab.test:80");
dns_refused Connect Status(ABSENT), "the name server refuses to answer (REFUSED)"
    => Url("http://refused.lab.test:80");
dns_timeout Connect Status(LATE), "the name server says nothing"
    => Url("http://timeout.lab.test:80");

reset_on_accept Close Status(BROKEN), "RST as soon as the connection is accepted"
    => Plain(fault::reset_on_accept);
reset_after_request Close Status(BROKEN), "RST once the request was read"
    => Say(b"", Rst);
reset_mid_head Close Status(BROKEN), "RST within a field of the head"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Type: te", Rst);
reset_mid_body Close StatusOrCut(BROKEN), "RST after half of the Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Rst);
reset_mid_close_delim Close StatusOrCut(BROKEN), "RST within a body that only the end of the connection delimits"
    => Say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", Rst);
reset_mid_http10 Close StatusOrCut(BROKEN), "RST within a body in HTTP/1.0, which knows no chunks"
    => Say(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello", Rst);
reset_mid_large_body Close Cut, "RST within a body of 64 MiB, when any proxy has forwarded the head"
    => Plain(fault::reset_mid_large_body);
close_on_accept Close Status(BROKEN), "FIN as soon as the connection is accepted"
    => Plain(fault::close_on_accept);
close_after_request Close Status(BROKEN), "FIN once the request was read"
    => Say(b"", Fin);
close_mid_status_line Close Status(BROKEN), "FIN within the status line"
    => Say(b"HTTP/1.1 20", Fin);
close_mid_head Close Status(BROKEN), "FIN within a field of the head"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Type: te", Fin);
close_mid_head_eol Close Status(BROKEN), "FIN after a whole field, before the empty line"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", Fin);
close_mid_cl_body Close StatusOrCut(BROKEN), "FIN after half of the Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Fin);
close_mid_http10_cl Close StatusOrCut(BROKEN), "FIN after half of the Content-Length, in HTTP/1.0"
    => Say(b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhello", Fin);
close_mid_chunked Close StatusOrCut(BROKEN), "FIN after a whole chunk, without the last chunk"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Fin);
close_mid_chunk Close StatusOrCut(BROKEN), "FIN within a chunk"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello", Fin);
reset_mid_chunked Close StatusOrCut(BROKEN), "RST after a whole chunk"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Rst);
close_after_ten_bytes_of_1gb Close StatusOrCut(BROKEN), "a Content-Length of 1 GB, ten bytes, FIN"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nhelloworld", Fin);
close_after_last_chunk Close Limit(OK_OR_BROKEN), "FIN after the last chunk, without the empty line (the body is whole: RFC 9112 section 8)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n", Fin);
close_mid_trailers Close Limit(OK_OR_BROKEN), "FIN within the trailer section (the body is whole: RFC 9112 section 8)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\nX-Checksum: 4", Fin);
reset_mid_upload Close Status(BROKEN), "RST after the first 64 KiB of the request's body, or after its head"
    => Plain(upload::reset_mid_upload);
half_close_mid_upload Close Status(BROKEN), "FIN after the request's head; its body is still read"
    => Plain(upload::half_close_mid_upload);

garbage_status_line NotHttp Status(BROKEN), "a line that is no status line"
    => Say(b"THIS IS NOT HTTP\r\n\r\n", Fin);
http09_html NotHttp Status(BROKEN), "a bare page without a head, as in HTTP/0.9"
    => Say(b"<html><body>It works!</body></html>\n", Fin);
ssh_banner NotHttp Status(BROKEN), "an SSH server's banner"
    => Say(b"SSH-2.0-OpenSSH_9.6\r\n", Fin);
smtp_banner NotHttp Status(BROKEN), "a mail server's greeting"
    => Say(b"220 mail.lab.test ESMTP Postfix\r\n", Fin);
redis_err NotHttp Status(BROKEN), "Redis, which does not know the command GET"
    => Say(b"-ERR wrong number of arguments for 'get' command\r\n", Fin);
h2_settings_on_h1 NotHttp Status(BROKEN), "an HTTP/2 SETTINGS frame in answer to HTTP/1.1"
    => Say(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", Fin);
tls_record_on_plain NotHttp Status(BROKEN), "a TLS alert in answer to plain HTTP: the port is a TLS one"
    => Say(b"\x15\x03\x03\0\x02\x02\x0a", Fin);
hostile_status_line NotHttp Status(BROKEN), "markup and a terminal escape where the status should be"
    => Say(b"HTTP/1.1 <script>alert(1)</script>\x1b[31m\xff\r\n\r\n", Fin);
http_lower_case NotHttp Status(BROKEN), "http/1.1 in lower case (RFC 9112 section 2.3: case matters)"
    => Say(b"http/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
icy_200 NotHttp Status(BROKEN), "a SHOUTcast server's ICY 200 OK"
    => Say(b"ICY 200 OK\r\nicy-name: lab\r\nicy-br: 128\r\n\r\n\xff\xfb\x90\x64", Fin);
rtsp_200 NotHttp Status(BROKEN), "an RTSP server's answer"
    => Say(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n", Fin);
memcached_error NotHttp Status(BROKEN), "memcached, which does not know the command GET"
    => Say(b"ERROR\r\nERROR\r\nERROR\r\n", Fin);
postgres_error NotHttp Status(BROKEN), "a PostgreSQL ErrorResponse"
    => Say(b"E\0\0\0\x39SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0\0", Fin);
amqp_header NotHttp Status(BROKEN), "an AMQP broker's protocol header"
    => Say(b"AMQP\0\0\x09\x01", Fin);
h2_goaway_on_h1 NotHttp Status(BROKEN), "an HTTP/2 GOAWAY frame in answer to HTTP/1.1"
    => Say(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", Fin);
request_echoed NotHttp Status(BROKEN), "an echo server: a request where the response should be"
    => Say(b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n", Fin);
mysql_greeting NotHttp Status(BROKEN), "a MySQL server, which speaks first"
    => Greet(b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0lab-salt\0\xff\xf7\xff\x02\0\xff\xdf\x15", Fin);
ftp_greeting NotHttp Status(BROKEN), "an FTP server, which speaks first"
    => Greet(b"220 (vsFTPd 3.0.5)\r\n", Fin);
imap_greeting NotHttp Status(BROKEN), "an IMAP server, which speaks first"
    => Greet(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n", Fin);

plain_on_tls Tls Status(BROKEN), "plain HTTP in answer to a ClientHello"
    => NotTls(fault::plain_on_tls);
tls_selfsigned Tls Status(BROKEN), "a certificate signed by itself"
    => Tls(Cert::SELF_SIGNED, control::ok);
tls_expired Tls Status(BROKEN), "a certificate that expired in 2001"
    => Tls(Cert::EXPIRED, control::ok);
tls_not_yet_valid Tls Status(BROKEN), "a certificate that is valid from 2090"
    => Tls(Cert::EARLY, control::ok);
tls_wrong_host Tls Status(BROKEN), "a certificate for another host"
    => Tls(Cert::WRONG_HOST, control::ok);
tls_hostile_name Tls Status(BROKEN), "a certificate for other hosts, whose names hold markup, CRLF and shell"
    => Tls(Cert::HOSTILE, control::ok);
tls_handshake_stall Tls Status(LATE), "the ClientHello is never answered"
    => NotTls(fault::tls_stall);
tls_alert Tls Status(BROKEN), "fatal alert handshake_failure in answer to the ClientHello"
    => NotTls(fault::tls_alert);
tls_alert_version Tls Status(BROKEN), "fatal alert protocol_version in answer to the ClientHello"
    => NotTls(fault::tls_alert_version);
tls_alert_name Tls Status(BROKEN), "fatal alert unrecognized_name in answer to the ClientHello"
    => NotTls(fault::tls_alert_name);
tls_client_cert Tls Status(BROKEN), "a client certificate is demanded (TLS 1.3: refused after the handshake)"
    => Tls(Cert::ASKS_CLIENT, control::ok);
tls_client_cert_12 Tls Status(BROKEN), "a client certificate is demanded (TLS 1.2: refused within the handshake)"
    => Tls(Cert::ASKS_CLIENT_12, control::ok);
tls_unknown_ca Tls Status(BROKEN), "a certificate of a root that nobody knows"
    => Tls(Cert::UNKNOWN_ROOT, control::ok);
tls_forged Tls Status(BROKEN), "a certificate of a root that has a trusted root's name, and another key"
    => Tls(Cert::FORGED, control::ok);
tls_wrong_usage Tls Status(BROKEN), "a certificate that is for clients only (extKeyUsage)"
    => Tls(Cert::WRONG_USAGE, control::ok);
tls_subject_only Tls Status(BROKEN), "a certificate that has its name in the subject alone (RFC 9525 section 2)"
    => Tls(Cert::SUBJECT_ONLY, control::ok);
tls_alert_revoked Tls Status(BROKEN), "fatal alert certificate_revoked in answer to the ClientHello"
    => NotTls(fault::tls_alert_revoked);
tls_11_only Tls Status(BROKEN), "a ServerHello of TLS 1.1"
    => NotTls(fault::tls_11);
tls_close_hello Tls Status(BROKEN), "FIN after the ClientHello"
    => NotTls(fault::tls_close_hello);
tls_reset_hello Tls Status(BROKEN), "RST after the ClientHello"
    => NotTls(fault::tls_reset_hello);
tls_reset_after_request Tls Status(BROKEN), "RST once the request was read"
    => Tls(Cert::GOOD, fault::tls_reset_after_request);
tls_cut_mid_body Tls StatusOrCut(BROKEN), "FIN without close_notify after half of the Content-Length"
    => Tls(Cert::GOOD, fault::tls_cut_mid_body);
tls_no_close_notify Tls StatusOrCut(BROKEN), "FIN without close_notify ends a body that only the end delimits"
    => Tls(Cert::GOOD, fault::tls_no_close_notify);
tls_close_after_request Tls Status(BROKEN), "close_notify and FIN once the request was read"
    => Tls(Cert::GOOD, fault::tls_close_after_request);
tls_cut_after_request Tls Status(BROKEN), "FIN without close_notify once the request was read"
    => Tls(Cert::GOOD, fault::tls_cut_after_request);
tls_close_notify_mid_body Tls StatusOrCut(BROKEN), "close_notify and FIN after half of the Content-Length"
    => Tls(Cert::GOOD, fault::tls_close_notify_mid_body);
tls_bad_record Tls Status(BROKEN), "a record that cannot be decrypted where the response should be"
    => Tls(Cert::GOOD, fault::tls_bad_record);
tls_stall_after_request Tls Status(LATE), "the request is read over TLS and never answered"
    => Tls(Cert::GOOD, fault::tls_stall_after_request);

bad_header_nul Head StatusOrWhole(OK_OR_BROKEN), "a NUL in a field value"
    => Say(b"HTTP/1.1 200 OK\r\nX-Bad: a\0b\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
bad_header_space_before_colon Head StatusOrWhole(OK_OR_BROKEN), "a space between field name and colon"
    => Say(b"HTTP/1.1 200 OK\r\nX-Bad : a\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
bad_header_no_colon Head StatusOrWhole(OK_OR_BROKEN), "a line without a colon among the fields"
    => Say(b"HTTP/1.1 200 OK\r\nthis is no field\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
bad_header_empty_name Head StatusOrWhole(OK_OR_BROKEN), "a field without a name"
    => Say(b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
obs_fold Head StatusOrWhole(OK_OR_BROKEN), "a field value folded over two lines"
    => Say(b"HTTP/1.1 200 OK\r\nX-Fold: a\r\n b\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
obs_fold_te Head StatusOrWhole(OK_OR_BROKEN), "Transfer-Encoding whose value is on a folded line, and a Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
obs_fold_cl Head StatusOrWhole(OK_OR_BROKEN), "a folded line that would be a Content-Length if it were not folded"
    => Say(b"HTTP/1.1 200 OK\r\nX-Fold: a\r\n Content-Length: 3\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
leading_whitespace Head StatusOrWhole(OK_OR_BROKEN), "white space before the first field, which is a Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\n Content-Length: 3\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
name_8bit Head StatusOrWhole(OK_OR_BROKEN), "8-bit bytes in a field name"
    => Say(b"HTTP/1.1 200 OK\r\nX-\xe9\xff: a\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
value_8bit Head Whole(OK), "8-bit bytes in a field value, which are obs-text and allowed"
    => Say(b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9 \xff\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
value_ctl Head StatusOrWhole(OK_OR_BROKEN), "control characters in a field value"
    => Say(b"HTTP/1.1 200 OK\r\nX-Bad: a\x08\x1b[31mb\x7f\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
bare_lf Head StatusOrWhole(OK_OR_BROKEN), "lines end in LF alone"
    => Say(b"HTTP/1.1 200 OK\nContent-Length: 6\n\nhello\n", Fin);
bare_cr Head StatusOrWhole(OK_OR_BROKEN), "a CR alone within a field value"
    => Say(b"HTTP/1.1 200 OK\r\nX-Bad: a\rX-Injected: b\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
huge_head_1mb Head StatusOrWhole(OK_OR_BROKEN), "1 MiB of fields, 16 KiB each"
    => Plain(fault::huge_head);
hostile_header_1mb Head StatusOrWhole(OK_OR_BROKEN), "one field value of 1 MiB that begins with markup"
    => Plain(fault::huge_value);
many_headers_5000 Head StatusOrWhole(OK_OR_BROKEN), "5000 small fields"
    => Plain(fault::many_headers);
endless_head Head Status(ENDLESS), "fields without end, 400 kB/s"
    => Plain(fault::endless_head);

cl_conflict Framing Status(BROKEN), "two different Content-Lengths"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 10\r\n\r\nhelloworld", Fin);
cl_duplicate_same Framing StatusOrWhole(OK_OR_BROKEN), "the same Content-Length in two fields"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
cl_list_same Framing StatusOrWhole(OK_OR_BROKEN), "the same Content-Length twice in one field"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 6, 6\r\n\r\nhello\n", Fin);
cl_negative Framing Status(BROKEN), "a negative Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", Fin);
cl_plus Framing Status(BROKEN), "a Content-Length with a plus sign"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", Fin);
cl_hex Framing Status(BROKEN), "a hexadecimal Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello", Fin);
cl_overflow Framing Status(BROKEN), "a Content-Length of 2^64 + 5"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello", Fin);
cl_empty Framing Status(BROKEN), "a Content-Length without a value"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello", Fin);
cl_spaced Framing Status(BROKEN), "a Content-Length of two numbers with a space between them"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\nhello", Fin);
cl_2_62 Framing StatusOrCut(BROKEN), "a Content-Length of 2^62, which no varint of QUIC holds, and five bytes"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 4611686018427387904\r\n\r\nhello", Fin);
cl_2_63 Framing StatusOrCut(BROKEN), "a Content-Length of 2^63, which is negative to some, and five bytes"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nhello", Fin);
cl_u64_max Framing StatusOrCut(BROKEN), "a Content-Length of 2^64 - 1, which means to some that there is none, and five bytes"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nhello", Fin);
cl_list_conflict Framing Status(BROKEN), "two different Content-Lengths in one field"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 10\r\n\r\nhelloworld", Fin);
cl_zeros Framing StatusOrWhole(OK_OR_BROKEN), "a Content-Length with 4000 leading zeros"
    => Plain(fault::cl_zeros);
cl_in_connection Framing StatusOrWhole(OK_OR_BROKEN), "a Content-Length that the Connection field names"
    => Say(b"HTTP/1.1 200 OK\r\nConnection: close, content-length\r\nContent-Length: 6\r\n\r\nhello\nEVIL", Fin);
te_in_connection Framing StatusOrWhole(OK_OR_BROKEN), "a Transfer-Encoding that the Connection field names"
    => Say(b"HTTP/1.1 200 OK\r\nConnection: close, transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
cl_te_both Framing StatusOrWhole(OK_OR_BROKEN), "chunked, and a shorter Content-Length besides"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Fin);
te_unknown Framing Status(BROKEN), "a transfer coding that nobody knows"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nhello", Fin);
te_chunked_twice Framing Status(BROKEN), "chunked named twice"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Fin);
te_identity_chunked Framing StatusOrWhole(OK_OR_BROKEN), "identity and chunked in two fields (identity changes nothing, and is no coding any more: RFC 9112 section 7)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_gzip_chunked Framing Status(BROKEN), "gzip below chunked, which no TE field has asked for (RFC 9112 section 7.4)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nc\r\n\x1f\x8b\x08\0corrupt!\r\n0\r\n\r\n", Fin);
te_prefix Framing Status(BROKEN), "xchunked, which ends as chunked does"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_suffix Framing Status(BROKEN), "chunkedx, which begins as chunked does"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedx\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_not_final Framing Status(BROKEN), "gzip behind chunked, so that the end of the connection ends the body"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_empty_behind Framing StatusOrWhole(OK_OR_BROKEN), "chunked, and an empty element behind it (RFC 9110 section 5.6.1)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_empty_before Framing StatusOrWhole(OK_OR_BROKEN), "chunked, and an empty element before it (RFC 9110 section 5.6.1)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: ,chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_empty_line Framing StatusOrWhole(OK_OR_BROKEN), "chunked, and a Transfer-Encoding without a value besides"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_parameter Framing Status(BROKEN), "chunked with a parameter, of which it has none (RFC 9112 section 7.1)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_quoted Framing Status(BROKEN), "chunked in quotes"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_vertical_tab Framing Status(BROKEN), "a vertical tab before chunked, which is no white space"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n", Fin);
te_http10 Framing StatusOrWhole(OK_OR_BROKEN), "chunked in an HTTP/1.0 response"
    => Say(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Fin);
bad_chunk_size Framing StatusOrCut(BROKEN), "a chunk size that is no number"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n", Fin);
empty_chunk_size Framing StatusOrCut(BROKEN), "an empty line where a chunk size should be"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n\r\n\r\n", Fin);
chunk_size_overflow Framing StatusOrCut(BROKEN), "a chunk size of 2^64 + 5"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n", Fin);
chunk_size_2_31 Framing StatusOrCut(BROKEN), "a chunk size of 2^31, which is negative to some, and five bytes"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\nhello", Fin);
chunk_size_2_63 Framing StatusOrCut(BROKEN), "a chunk size of 2^63, which is negative to some, and five bytes"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\nhello", Fin);
chunk_size_0x Framing StatusOrCut(BROKEN), "a chunk size written 0x5, whose first digit is a last chunk"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", Fin);
chunk_size_underscore Framing StatusOrCut(BROKEN), "a chunk size with an underscore, as Python's int() takes it"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0_5\r\nhello\r\n0\r\n\r\n", Fin);
chunk_size_negative Framing StatusOrCut(BROKEN), "a negative chunk size"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", Fin);
chunk_size_zeros Framing Limit(OK_OR_BROKEN), "a chunk size with 4000 leading zeros"
    => Plain(fault::chunk_size_zeros);
chunk_line_lf Framing StatusOrCut(BROKEN), "chunk lines that end in LF alone (RFC 9112 section 2.2 allows it in the head only)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\nhello\n\r\n0\r\n\r\n", Fin);
chunk_ext_lf Framing StatusOrCut(BROKEN), "an LF alone in a chunk extension, after which some see the end of the line"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a\nb\r\nhello\n\r\n0\r\n\r\n", Fin);
chunk_ext_quoted_crlf Framing StatusOrCut(BROKEN), "a CRLF in a quoted chunk extension, where some see no line end"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a=\"\r\n\"\r\nhello\n\r\n0\r\n\r\n", Fin);
chunk_ext_open_quote Framing Limit(OK_OR_BROKEN), "a quote in a chunk extension that the line does not close, where some see no line end"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a=\"b\r\nhello\n\r\n0\r\n\r\n", Fin);
chunk_ext_long Framing Limit(OK_OR_BROKEN), "a chunk extension of 64 KiB"
    => Plain(fault::chunk_ext_long);
bad_chunk_crlf Framing StatusOrCut(BROKEN), "a chunk longer than its size says"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n0\r\n\r\n", Fin);
chunk_end_cr Framing StatusOrCut(BROKEN), "a chunk that a CR alone ends"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r0\r\n\r\n", Fin);
chunk_end_none Framing StatusOrCut(BROKEN), "a chunk that nothing ends"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n0\r\n\r\n", Fin);
bad_second_chunk Framing StatusOrCut(BROKEN), "a chunk that is right, then a size that is no number"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\nhello\r\n0\r\n\r\n", Fin);
last_chunk_lf Framing Limit(OK_OR_BROKEN), "an LF alone where the trailers end (the body is whole: RFC 9112 section 8)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\n", Fin);
trailer_lf Framing Limit(OK_OR_BROKEN), "a trailer field that ends in LF alone (the body is whole: RFC 9112 section 8)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\nX-Checksum: 4\n\r\n", Fin);
trailer_forbidden Framing Limit(OK_OR_BROKEN), "framing and routing fields among the trailers"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 999\r\nTransfer-Encoding: identity\r\nHost: evil.test\r\nSet-Cookie: a=b\r\n\r\n", Fin);
endless_trailers Framing Limit(&[200, 502, 504]), "trailer fields without end, 400 kB/s (the body is whole: RFC 9112 section 8)"
    => Plain(fault::endless_trailers);
status_204_body Framing StatusOrWhole(&[204, 502]), "204 with a Content-Length and a body"
    => Say(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", Keep);
status_204_chunked Framing StatusOrWhole(&[204, 502]), "204 in chunks"
    => Say(b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Keep);
status_205_body Framing StatusOrWhole(&[205, 502]), "205 with a body, which it never has (RFC 9110 section 15.3.6)"
    => Say(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
status_304_body Framing StatusOrWhole(&[304, 502]), "304 with a body, which its Content-Length does not promise (RFC 9110 section 8.6)"
    => Say(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
cl_zero_body Framing Whole(OK), "a Content-Length of 0, and a body that looks like a response"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", Keep);

status_000 Status Status(BROKEN), "status 000"
    => Say(b"HTTP/1.1 000 Zero\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
status_99 Status Status(BROKEN), "a status of two digits"
    => Say(b"HTTP/1.1 99 Odd\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
status_600 Status StatusOrWhole(&[502, 600]), "status 600, which a recipient should treat as a 5xx"
    => Say(b"HTTP/1.1 600 Odd\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
status_1000 Status Status(BROKEN), "a status of four digits"
    => Say(b"HTTP/1.1 1000 Odd\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
http12 Status StatusOrWhole(OK_OR_BROKEN), "HTTP/1.2, a minor version from the future"
    => Say(b"HTTP/1.2 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
http2_0_status_line Status Status(BROKEN), "HTTP/2.0 in a status line of HTTP/1"
    => Say(b"HTTP/2.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
no_reason_space Status StatusOrWhole(OK_OR_BROKEN), "no reason phrase, and no space before it"
    => Say(b"HTTP/1.1 200\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
reason_cr Status StatusOrWhole(OK_OR_BROKEN), "a CR where the reason phrase should be"
    => Say(b"HTTP/1.1 200 \r\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
huge_reason Status StatusOrWhole(OK_OR_BROKEN), "a reason phrase of 64 KiB"
    => Plain(fault::huge_reason);
tab_in_status_line Status StatusOrWhole(OK_OR_BROKEN), "a tab between version and status"
    => Say(b"HTTP/1.1\t200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
leading_crlf Status StatusOrWhole(OK_OR_BROKEN), "empty lines before the status line"
    => Say(b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
two_status_lines Status StatusOrWhole(OK_OR_BROKEN), "a second status line among the fields"
    => Say(b"HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
hostile_reason Status Whole(OK), "a reason phrase that holds markup and 8-bit bytes"
    => Say(b"HTTP/1.1 200 <script>alert(1)</script> \xe9\xff\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
only_100_then_close Status Status(BROKEN), "100 Continue, then FIN"
    => Say(b"HTTP/1.1 100 Continue\r\n\r\n", Fin);
many_1xx Status Status(ENDLESS), "103 Early Hints without end, 100 a second"
    => Plain(fault::many_1xx);
unexpected_101 Status Status(BROKEN), "101 although nobody asked to switch protocols"
    => Say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: lab\r\nConnection: upgrade\r\n\r\nRAWBYTES", Fin);
unexpected_101_after_100 Status Status(BROKEN), "100 Continue, then 101 although nobody asked to switch protocols"
    => Say(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: lab\r\nConnection: upgrade\r\n\r\nRAWBYTES", Fin);
interim_with_body Status Status(BROKEN), "103 with a Content-Length and a body, which no interim response has"
    => Say(b"HTTP/1.1 103 Early Hints\r\nContent-Length: 6\r\n\r\nhello\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
interim_with_length Status StatusOrWhole(OK_OR_BROKEN), "103 with a Content-Length and no body, then 200"
    => Say(b"HTTP/1.1 103 Early Hints\r\nContent-Length: 6\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
interim_length_of_head Status StatusOrWhole(OK_OR_BROKEN), "100 with a Content-Length that the head of the 200 behind it fills, and a 301 behind that"
    => Say(b"HTTP/1.1 100 Continue\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: http://evil.test/\r\nContent-Length: 0\r\n\r\n", Fin);
interim_chunked Status StatusOrWhole(OK_OR_BROKEN), "103 with a Transfer-Encoding, which no interim response has (RFC 9112 section 6.1), then 200"
    => Say(b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
interim_104 Status Whole(OK), "104 Upload Resumption Supported with a Location, then 200"
    => Say(b"HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /up/1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
interim_nul Status StatusOrWhole(OK_OR_BROKEN), "103 with a NUL in a field value, then 200"
    => Say(b"HTTP/1.1 103 Early Hints\r\nLink: a\0b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
interim_hop_by_hop Status Whole(OK), "103 with fields of this hop alone, then 200"
    => Say(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Hop\r\nX-Hop: secret\r\nKeep-Alive: timeout=5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Keep);

no_response_timeout Time Status(LATE), "the request is read and never answered"
    => Say(b"", Hold);
never_reads Time Status(LATE), "not even the request is read"
    => Plain(fault::never_reads);
stall_mid_head Time Status(LATE), "nothing more after a field of the head"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", Hold);
stall_after_1xx Time Status(LATE), "103 Early Hints, then nothing"
    => Say(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n", Hold);
stall_mid_body Time StatusOrCut(LATE), "nothing more after half of the Content-Length"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Hold);
stall_mid_chunked Time StatusOrCut(LATE), "nothing more after a whole chunk"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Hold);
stall_mid_http10 Time StatusOrCut(LATE), "nothing more within a body in HTTP/1.0, which knows no chunks"
    => Say(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello", Hold);
slow_drip_head Time Status(ENDLESS), "a head without end, a byte every 200 ms"
    => Plain(fault::slow_drip_head);
slow_drip_body Time Limit(&[200, 504]), "a body of 25 bytes, one every 200 ms"
    => Plain(fault::slow_drip_body);
stall_in_trailers Time Limit(&[200, 504]), "nothing more after the last chunk (the body is whole: RFC 9112 section 8)"
    => Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\nX-Checksum: 4", Hold);
stall_mid_upload Time Status(LATE), "nothing more is read after the first 64 KiB of the request's body, and nothing said"
    => Plain(upload::stall_mid_upload);

extra_bytes_after_response Desync Whole(OK), "a second response that nobody asked for follows the first"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", Keep);
response_before_request_read Desync StatusOrWhole(OK_OR_BROKEN), "the response is sent on accept, before the request was read"
    => Plain(fault::response_before_request);
stale_keepalive Desync StatusOrWhole(OK_OR_BROKEN), "200 to the first request of a connection, FIN under the second"
    => Plain(fault::stale_keepalive);
stale_keepalive_reset Desync StatusOrWhole(OK_OR_BROKEN), "200 to the first request of a connection, RST under the second"
    => Plain(fault::stale_keepalive_reset);
silent_close Desync Whole(OK), "200, then FIN at once, which no Connection field announced"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Fin);
extra_bytes_split Desync Whole(OK), "a body longer than its Content-Length: what follows looks like a second response"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL", Keep);
idle_response Desync Whole(OK), "200, and 60 ms later a second response that nobody asked for"
    => Plain(fault::idle_response);
idle_408 Desync Whole(OK), "200, and 60 ms later a 408 that nobody asked for, and FIN"
    => Plain(fault::idle_408);
idle_garbage Desync Whole(OK), "200, and 60 ms later bytes that are not HTTP"
    => Plain(fault::idle_garbage);
idle_reset Desync Whole(OK), "200, and 60 ms later RST"
    => Plain(fault::idle_reset);
unsolicited_408 Desync StatusOrWhole(&[408, 502]), "408 and FIN before the request was read"
    => Greet(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", Fin);

ok_200 Control Whole(OK), "200 with a Content-Length"
    => Plain(control::ok);
close_delimited_ok Control Whole(OK), "200 whose body ends with the connection"
    => Plain(control::close_delimited);
ok_chunked_trailers Control Whole(OK), "200, chunked, with a trailer field"
    => Plain(control::trailers);
upstream_502 Control Whole(&[502]), "the upstream's own 502"
    => Plain(control::status_502);
upstream_503_retry Control Whole(&[503]), "the upstream's own 503, with Retry-After: 7"
    => Plain(control::status_503);
upstream_504 Control Whole(&[504]), "the upstream's own 504"
    => Plain(control::status_504);
tls_ok_200 Control Whole(OK), "200 over TLS, with a certificate of the lab's root"
    => Tls(Cert::GOOD, control::ok);
dns_ok_200 Control Whole(OK), "200 from a host that the lab's name server knows"
    => Named("ok.lab.test", control::ok);
ok_sse Control Whole(OK), "an event stream: three events, 100 ms apart"
    => Plain(control::events);
slow_ok Control Whole(OK), "200 after 300 ms"
    => Plain(control::slow);
early_hints Control Whole(OK), "103 Early Hints, then 200"
    => Plain(control::early_hints);
echo Control Whole(OK), "200 with the request's body, its length and its FNV-1a hash"
    => Plain(control::echo);
echo_head Control Whole(OK), "200 with the request's head as the body"
    => Plain(control::echo_head);
ok_large Control Whole(OK), "200 with a body of 2 MiB"
    => Plain(control::large);
early_413 Control Whole(&[413]), "413 as soon as the head was read"
    => Plain(control::early_413);
early_413_reset Control Whole(&[413]), "413 as soon as the head was read, then RST"
    => Plain(upload::early_413_reset);
early_200 Control Whole(OK), "200 as soon as the head was read, then FIN"
    => Plain(upload::early_200);
upgrade_other Control Whole(&[426]), "101 to another protocol than the client asked for, else 426"
    => Plain(control::upgrade_other);
upgrade_unnamed Control Whole(&[426]), "101 without a protocol if the client asks for an upgrade, else 426"
    => Plain(control::upgrade_unnamed);
upgrade_garbage Control Whole(&[426]), "101 and then garbage if the client asks for an upgrade, else 426"
    => Plain(control::upgrade_garbage);
head_other_length Control Whole(OK), "200; for HEAD with another Content-Length than for GET"
    => Plain(control::head_other_length);
head_with_body Control Whole(OK), "200; for HEAD with the body too"
    => Plain(control::head_with_body);
ok_http10 Control Whole(OK), "200 in HTTP/1.0, which ends with the connection"
    => Say(b"HTTP/1.0 200 OK\r\n\r\nhello\n", Fin);
ok_http10_keep_alive Control Whole(OK), "200 in HTTP/1.0 on a connection that stays open"
    => Say(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
ok_empty_by_close Control Whole(OK), "200 without a body, which the end of the connection says"
    => Plain(control::empty_by_close);
ok_one_byte_segments Control Whole(OK), "200 in chunks, a segment for each byte of head and body"
    => Plain(control::one_byte_segments);
ok_large_segments Control Whole(OK), "200 with a body of 1 MiB, 64 KiB at a time"
    => Plain(control::large_segments);
ok_many_chunks Control Whole(OK), "200 in ten thousand chunks of one byte"
    => Plain(control::many_chunks);
ok_set_cookies Control Whole(OK), "200 with three Set-Cookie fields, which cannot be one"
    => Say(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT\r\nSet-Cookie: c=3\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
ok_twice_date Control Whole(OK), "200 with two Date and two Server fields"
    => Say(b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\nDate: Sat, 21 Nov 2026 00:00:01 GMT\r\nServer: a\r\nServer: b\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
ok_hop_by_hop Control Whole(OK), "200 with fields of this hop alone, one of them by name"
    => Say(b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: secret\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
ok_proxy_status Control Whole(OK), "200 with Proxy-Status fields, one of them no structured field and full of markup"
    => Say(b"HTTP/1.1 200 OK\r\nProxy-Status: <script>alert(1)</script>; error=\r\nProxy-Status: inner; error=connection_refused\r\nContent-Length: 6\r\n\r\nhello\n", Keep);
ok_gzip_corrupt Control Whole(OK), "200 with a Content-Encoding of gzip and a body that is none: end to end, and no proxy's affair"
    => Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\0corrupt!", Keep);
upgrade_echo Control Whole(&[101, 426]), "101 and every byte back if the client asks for an upgrade, else 426"
    => Plain(control::upgrade);
}
