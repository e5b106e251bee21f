//! The finer class of a malformation: `stage.cause`, as the parser and the tap report it.
//!
//! One row a class, with the kind of fault it belongs to, and the wider class that it is a case of
//! where there is one. Sources are RFC 9112 and RFC 9110; where a class is a limit of ours, the row says so.

use crate::setting::stable_names;

use super::kind::FaultKind;

macro_rules! classes {
    (@wider $own:ident) => { Class::$own };
    (@wider $own:ident $wider:ident) => { Class::$wider };
    ($($variant:ident = $name:literal: $kind:ident, $what:literal $(in $wider:ident)?;)+) => {
        /// What exactly is wrong with the bytes of a response, or (`request`, and `framing` in a
        /// [`BadRequest`](FaultKind::BadRequest)) with those of a request.
        ///
        /// Some are narrower than another, the broader class, which is used where no narrower one fits:
        /// [`general`](Self::general).
        ///
        /// ```
        /// use badgateway::fault::{Class, FaultKind};
        /// assert_eq!(Class::FramingClAndTe.as_str(), "framing.cl_and_te");
        /// assert_eq!(Class::FramingClAndTe.kind(), FaultKind::AmbiguousFraming);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Class {
            $(
                #[doc = $what]
                $(#[doc = concat!("\n\nA case of [`", stringify!($wider), "`](Self::", stringify!($wider), ").")])?
                $variant,
            )+
        }

        impl Class {
            /// Every class, by stage.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, `stage.cause`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The kind of fault it belongs to. Those of `framing` are of a response here.
            #[must_use]
            pub const fn kind(self) -> FaultKind {
                match self { $(Self::$variant => FaultKind::$kind,)+ }
            }

            /// The broader class that this one is a case of, or this one itself.
            ///
            /// ```
            /// use badgateway::fault::Class;
            /// assert_eq!(Class::FramingClNegative.general(), Class::FramingClInvalid);
            /// assert_eq!(Class::FramingClInvalid.general(), Class::FramingClInvalid);
            /// ```
            #[must_use]
            pub const fn general(self) -> Self {
                match self { $(Self::$variant => classes!(@wider $variant $($wider)?),)+ }
            }

            /// What is wrong, in a few words for an operator.
            #[must_use]
            pub const fn phrase(self) -> &'static str {
                match self { $(Self::$variant => $what,)+ }
            }
        }

        stable_names!(Class, $($variant = $name),+);
    };
}

classes! {
    // Something other than an HTTP/1 response (RFC 9110 section 15.6.3: an invalid response).
    NotHttpTlsAlert = "not_http.tls_alert": NotHttp, "a TLS alert on a plain connection";
    NotHttpTlsRecord = "not_http.tls_record": NotHttp, "a TLS record on a plain connection";
    NotHttpHttp2Frame = "not_http.http2_frame": NotHttp, "HTTP/2 frames";
    NotHttpHttp2Settings = "not_http.http2_settings": NotHttp, "an HTTP/2 SETTINGS frame, with which its server begins" in NotHttpHttp2Frame;
    NotHttpHttp2Goaway = "not_http.http2_goaway": NotHttp, "an HTTP/2 GOAWAY frame, by which its server refuses" in NotHttpHttp2Frame;
    NotHttpHttp2Preface = "not_http.http2_preface": NotHttp, "an HTTP/2 connection preface";
    NotHttpSsh = "not_http.ssh": NotHttp, "an SSH greeting";
    NotHttpSmtpFtp = "not_http.smtp_ftp": NotHttp, "an SMTP or FTP greeting";
    NotHttpSmtp = "not_http.smtp": NotHttp, "an SMTP greeting" in NotHttpSmtpFtp;
    NotHttpFtp = "not_http.ftp": NotHttp, "an FTP greeting" in NotHttpSmtpFtp;
    NotHttpPopImap = "not_http.pop_imap": NotHttp, "a POP3 or IMAP greeting";
    NotHttpPop3 = "not_http.pop3": NotHttp, "a POP3 greeting" in NotHttpPopImap;
    NotHttpImap = "not_http.imap": NotHttp, "an IMAP greeting" in NotHttpPopImap;
    NotHttpRedis = "not_http.redis": NotHttp, "a Redis reply";
    NotHttpHtml = "not_http.html": NotHttp, "HTML without a head, as HTTP/0.9 had it";
    NotHttpRequest = "not_http.request": NotHttp, "an HTTP request";
    NotHttpOtherProtocol = "not_http.other_protocol": NotHttp, "another protocol's version line";
    NotHttpRtsp = "not_http.rtsp": NotHttp, "an RTSP response" in NotHttpOtherProtocol;
    NotHttpSip = "not_http.sip": NotHttp, "a SIP response" in NotHttpOtherProtocol;
    NotHttpIcy = "not_http.icy": NotHttp, "a SHOUTcast (ICY) response" in NotHttpOtherProtocol;
    NotHttpAmqp = "not_http.amqp": NotHttp, "an AMQP protocol header" in NotHttpOtherProtocol;
    NotHttpVnc = "not_http.vnc": NotHttp, "an RFB greeting, as of VNC" in NotHttpOtherProtocol;
    NotHttpRsync = "not_http.rsync": NotHttp, "an rsync greeting" in NotHttpOtherProtocol;
    NotHttpOther = "not_http.other": NotHttp, "bytes that are not HTTP";
    NotHttpMysql = "not_http.mysql": NotHttp, "a MySQL or MariaDB packet" in NotHttpOther;
    NotHttpPostgres = "not_http.postgres": NotHttp, "a PostgreSQL error" in NotHttpOther;
    NotHttpMemcached = "not_http.memcached": NotHttp, "an error as memcached says it" in NotHttpOther;
    // RFC 9112 section 4.
    StatusLineLeadingCrlf = "status_line.leading_crlf": BadStatusLine, "an empty line before the status line";
    StatusLineLeadingSpace = "status_line.leading_space": BadStatusLine, "white space before the status line";
    StatusLineVersion = "status_line.version": BadStatusLine, "a malformed HTTP version";
    StatusLineVersionCase = "status_line.version_case": BadStatusLine, "an HTTP version in the wrong case";
    StatusLineVersionUnsupported = "status_line.version_unsupported": BadStatusLine, "an HTTP version with another syntax";
    // To be read as 1.1 (RFC 9110 section 2.5): a fault only where the HTTP library at hand does not.
    StatusLineVersionMinor = "status_line.version_minor": BadStatusLine, "an HTTP/1 version above 1.1" in StatusLineVersionUnsupported;
    StatusLineSeparator = "status_line.separator": BadStatusLine, "a wrong separator in the status line";
    StatusLineCode = "status_line.code": BadStatusLine, "a status code that is not three digits";
    StatusLineCodeRange = "status_line.code_range": BadStatusLine, "a status code outside 100 to 599";
    StatusLineCodeBelow100 = "status_line.code_below_100": BadStatusLine, "a status code below 100" in StatusLineCodeRange;
    StatusLineCodeAbove599 = "status_line.code_above_599": BadStatusLine, "a status code above 599" in StatusLineCodeRange;
    StatusLineReason = "status_line.reason": BadStatusLine, "a forbidden byte in the reason phrase";
    StatusLineBareCr = "status_line.bare_cr": BadStatusLine, "a carriage return alone in the status line";
    StatusLineBareLf = "status_line.bare_lf": BadStatusLine, "a line feed alone after the status line";
    // RFC 9112 section 5, RFC 9110 section 5.5.
    HeaderLeadingWhitespace = "header.leading_whitespace": BadHeader, "white space before the first field";
    HeaderObsFold = "header.obs_fold": BadHeader, "a folded field line";
    HeaderNoColon = "header.no_colon": BadHeader, "a field line without a colon";
    HeaderStatusLine = "header.status_line": BadHeader, "a status line among the fields" in HeaderNoColon;
    HeaderNameEmpty = "header.name_empty": BadHeader, "a field without a name";
    HeaderNameInvalid = "header.name_invalid": BadHeader, "a forbidden byte in a field name";
    HeaderSpaceBeforeColon = "header.space_before_colon": BadHeader, "white space between a field name and its colon";
    HeaderValueNul = "header.value_nul": BadHeader, "a NUL in a field value";
    HeaderValueCtl = "header.value_ctl": BadHeader, "a control character in a field value";
    HeaderBareCr = "header.bare_cr": BadHeader, "a carriage return alone in a field line";
    HeaderBareLf = "header.bare_lf": BadHeader, "a line feed alone after a field line";
    // RFC 9112 section 7.1.2: the same grammar in the trailer section.
    TrailerLeadingWhitespace = "trailer.leading_whitespace": BadTrailer, "white space before the first trailer";
    TrailerObsFold = "trailer.obs_fold": BadTrailer, "a folded trailer line";
    TrailerNoColon = "trailer.no_colon": BadTrailer, "a trailer line without a colon";
    TrailerStatusLine = "trailer.status_line": BadTrailer, "a status line among the trailers" in TrailerNoColon;
    TrailerNameEmpty = "trailer.name_empty": BadTrailer, "a trailer without a name";
    TrailerNameInvalid = "trailer.name_invalid": BadTrailer, "a forbidden byte in a trailer name";
    TrailerSpaceBeforeColon = "trailer.space_before_colon": BadTrailer, "white space between a trailer name and its colon";
    TrailerValueNul = "trailer.value_nul": BadTrailer, "a NUL in a trailer value";
    TrailerValueCtl = "trailer.value_ctl": BadTrailer, "a control character in a trailer value";
    TrailerBareCr = "trailer.bare_cr": BadTrailer, "a carriage return alone in a trailer line";
    TrailerBareLf = "trailer.bare_lf": BadTrailer, "a line feed alone after a trailer line";
    // RFC 9112 sections 6.1 to 6.3.
    FramingClInvalid = "framing.cl_invalid": AmbiguousFraming, "a Content-Length that is not a number";
    FramingClEmpty = "framing.cl_empty": AmbiguousFraming, "a Content-Length without a number" in FramingClInvalid;
    FramingClNegative = "framing.cl_negative": AmbiguousFraming, "a Content-Length with a minus sign" in FramingClInvalid;
    FramingClPlus = "framing.cl_plus": AmbiguousFraming, "a Content-Length with a plus sign" in FramingClInvalid;
    FramingClSpaced = "framing.cl_spaced": AmbiguousFraming, "a Content-Length with white space between its digits" in FramingClInvalid;
    FramingClConflict = "framing.cl_conflict": AmbiguousFraming, "Content-Length values that disagree";
    FramingClOverflow = "framing.cl_overflow": AmbiguousFraming, "a Content-Length too large to count";
    FramingClAndTe = "framing.cl_and_te": AmbiguousFraming, "both Content-Length and Transfer-Encoding";
    FramingTeInHttp10 = "framing.te_in_http10": AmbiguousFraming, "Transfer-Encoding in HTTP/1.0";
    FramingTeInvalid = "framing.te_invalid": AmbiguousFraming, "a malformed Transfer-Encoding";
    FramingTeUnsupported = "framing.te_unsupported": UnsupportedCoding, "an unknown transfer coding";
    FramingTeIdentity = "framing.te_identity": UnsupportedCoding, "the obsolete transfer coding `identity`" in FramingTeUnsupported;
    FramingTeCompressed = "framing.te_compressed": UnsupportedCoding, "a compression as transfer coding that was not requested" in FramingTeUnsupported;
    FramingTeChunkedNotFinal = "framing.te_chunked_not_final": UnsupportedCoding, "chunked is not the last transfer coding";
    FramingTeChunkedRepeated = "framing.te_chunked_repeated": UnsupportedCoding, "chunked is applied more than once";
    FramingLengthInNoContent = "framing.length_in_no_content": AmbiguousFraming, "a length on a response that has no content";
    // RFC 9112 section 7.1.
    ChunkSizeEmpty = "chunk.size_empty": BadChunk, "a chunk without a size";
    ChunkSizeInvalid = "chunk.size_invalid": BadChunk, "a chunk size that is not hexadecimal";
    ChunkSizeNegative = "chunk.size_negative": BadChunk, "a chunk size with a minus sign" in ChunkSizeInvalid;
    ChunkSizePlus = "chunk.size_plus": BadChunk, "a chunk size with a plus sign" in ChunkSizeInvalid;
    ChunkSize0x = "chunk.size_0x": BadChunk, "a chunk size that begins with 0x" in ChunkSizeInvalid;
    ChunkSizeUnderscore = "chunk.size_underscore": BadChunk, "a chunk size with an underscore in it" in ChunkSizeInvalid;
    ChunkSizeOverflow = "chunk.size_overflow": BadChunk, "a chunk size too large to count";
    ChunkSizeTrailingSpace = "chunk.size_trailing_space": BadChunk, "white space after a chunk size";
    ChunkExtInvalid = "chunk.ext_invalid": BadChunk, "a malformed chunk extension";
    ChunkBareCr = "chunk.bare_cr": BadChunk, "a carriage return alone in a chunk line";
    ChunkBareLf = "chunk.bare_lf": BadChunk, "a line feed alone after a chunk line";
    ChunkDataTerminator = "chunk.data_terminator": BadChunk, "a chunk that does not end where its size says";
    // RFC 9112 section 8.
    PrematureEofEmpty = "premature_eof.empty": ClosedBeforeResponse, "closed without a byte";
    PrematureEofStatusLine = "premature_eof.status_line": HeadTruncated, "closed in the status line";
    PrematureEofHeaders = "premature_eof.headers": HeadTruncated, "closed in the header section";
    PrematureEofAfterInterim = "premature_eof.after_interim": HeadTruncated, "closed after an interim response";
    PrematureEofContentLengthBody = "premature_eof.content_length_body": BodyTruncated, "closed before Content-Length was reached";
    PrematureEofChunkSize = "premature_eof.chunk_size": BodyTruncated, "closed in a chunk line, or before the last chunk";
    PrematureEofChunkData = "premature_eof.chunk_data": BodyTruncated, "closed in a chunk";
    PrematureEofChunkEnd = "premature_eof.chunk_end": BodyTruncated, "closed between a chunk and its line end";
    PrematureEofCloseDelimitedBody = "premature_eof.close_delimited_body": BodyTruncated, "an unclean end in a body that ends with the connection";
    PrematureEofTrailers = "premature_eof.trailers": BodyTruncated, "closed in the trailer section";
    // RFC 9110 section 15.2: an interim response is followed by a final one.
    TimeoutAfterInterim = "timeout.after_interim": ResponseTimeout, "an interim response, and then nothing in time";
    // Limits of ours.
    TooLargeStatusLine = "too_large.status_line": HeadTooLarge, "a status line over the limit";
    TooLargeHeaderCount = "too_large.header_count": TooManyHeaders, "more fields than the limit";
    TooLargeHeaderBytes = "too_large.header_bytes": HeadTooLarge, "a header section over the limit";
    TooLargeHeaderLongLines = "too_large.header_long_lines": HeadTooLarge, "a header section over the limit, with a field line of 8 KiB or more in it" in TooLargeHeaderBytes;
    TooLargeHeaderLine = "too_large.header_line": HeaderTooLarge, "a field line over the limit";
    TooLargeInterim = "too_large.interim": TooManyInterim, "interim responses over the limit";
    TooLargeChunkLine = "too_large.chunk_line": BadChunk, "chunk lines or extensions over the limit";
    TooLargeTrailers = "too_large.trailers": TrailersTooLarge, "a trailer section over the limit";
    // RFC 9110 section 7.8.
    UnexpectedUpgrade = "unexpected.upgrade": UnexpectedUpgrade, "101 without an offer to upgrade";
    // The request, as the client sent it: RFC 9112 section 3.2, RFC 9110 sections 7.2, 7.6.1, 7.8 and 10.1.1, RFC 9113 section 8.3.1.
    RequestHostMissing = "request.host_missing": BadRequest, "a request without a Host";
    RequestHostRepeated = "request.host_repeated": BadRequest, "more than one Host";
    RequestHostInvalid = "request.host_invalid": BadRequest, "a Host that is not a host with or without a port";
    RequestHostConflict = "request.host_conflict": BadRequest, "a Host other than the :authority";
    RequestTargetForm = "request.target_form": BadRequest, "a request target in a form that its method does not have";
    RequestTargetScheme = "request.target_scheme": BadRequest, "a request target whose scheme is neither http nor https";
    RequestTargetInvalid = "request.target_invalid": BadRequest, "a request target that is malformed";
    RequestConnectionInvalid = "request.connection_invalid": BadRequest, "a malformed Connection";
    RequestConnectionSpecific = "request.connection_specific": BadRequest, "a field in HTTP/2 or HTTP/3 that only HTTP/1 has";
    RequestUpgradeInvalid = "request.upgrade_invalid": BadRequest, "a malformed Upgrade";
    RequestExpectation = "request.expectation": BadRequest, "an expectation other than 100-continue";
    // RFC 9113, as far as the frames tell: sections 3.4, 4.2, 5.1, 6.1 to 6.10.
    Http2Http1 = "http2.http1": Http11Required, "an answer in HTTP/1 to HTTP/2";
    Http2FirstFrame = "http2.first_frame": H2ProtocolError, "another first frame than SETTINGS";
    Http2FrameSize = "http2.frame_size": H2ProtocolError, "a frame of a size that it must not have";
    Http2Stream = "http2.stream": H2ProtocolError, "a frame on a stream, or on the connection, where its kind may not be";
    Http2IdleStream = "http2.idle_stream": H2ProtocolError, "a frame on a stream that nobody opened";
    Http2Continuation = "http2.continuation": H2ProtocolError, "a header block that is interrupted, or goes on where none began";
    Http2Padding = "http2.padding": H2ProtocolError, "more padding than the frame has room for";
    Http2Settings = "http2.settings": H2ProtocolError, "a setting with a value that it must not have";
    Http2Window = "http2.window": H2ProtocolError, "a window that grows by nothing, or above 2^31-1";
    Http2Push = "http2.push": H2ProtocolError, "a PUSH_PROMISE, which was not allowed";
    // gRPC, PROTOCOL-HTTP2.md, "Responses".
    GrpcContentType = "grpc.content_type": NotGrpc, "a content type other than application/grpc";
    GrpcHttpStatus = "grpc.http_status": NotGrpc, "an HTTP status other than 200, and no grpc-status";
    GrpcStatusMissing = "grpc.status_missing": BadGrpcStatus, "an end without grpc-status";
    GrpcStatusInvalid = "grpc.status_invalid": BadGrpcStatus, "a grpc-status that is no number from 0 to 16";
    GrpcStatusRepeated = "grpc.status_repeated": BadGrpcStatus, "more than one grpc-status";
}
