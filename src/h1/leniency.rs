//! What is tolerated, and what was.
//!
//! Nothing that could move the boundary of a message is ever tolerated, by any switch.

use core::fmt;

/// One switch for each deviation that can be tolerated. What was tolerated is recorded as a
/// [`Deviation`].
///
/// | switch | [`strict`](Self::strict) | [`compatible`](Self::compatible) | who tolerates it |
/// |---|---|---|---|
/// | `bare_lf` | no | yes | hyper, Go, nginx, HAProxy, pingora, h11 |
/// | `obs_fold` | no | yes | Go, HAProxy, pingora, h11; RFC 9112 section 5.2 lets a proxy replace it |
/// | `chunk_size_space` | no | yes | all of these but llhttp |
/// | `chunk_ext` | no | yes | hyper, Go, nginx, HAProxy, pingora |
/// | `lengths_without_content` | no | yes | hyper and Python for 204 and 304; RFC 9112 section 6.3 has no content there before it looks at the lengths |
/// | `empty_codings` | no | yes | Go, HAProxy; hyper before `chunked`, and not behind it |
/// | `leading_crlf` | no | no | hyper, HAProxy, pingora; not Go, h11, nginx. Often the rest of a mis-framed body |
/// | `status_line_spaces` | no | no | Go, nginx, HAProxy; not hyper, pingora, h11 |
/// | `space_before_colon` | no | no | Go, pingora; not hyper, nginx, HAProxy, h11 |
///
/// Not to be had: `Content-Length` beside `Transfer-Encoding`, lengths that disagree, chunked that is
/// not last or comes twice, Transfer-Encoding in HTTP/1.0, a line feed alone in the chunked coding or
/// its trailers, a fold in a framing field, wherever content can follow. There two recipients can disagree about where the message
/// ends (RFC 9112 section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leniency {
    /// A line feed alone ends a line of the head (RFC 9112 section 2.2).
    pub bare_lf: bool,
    /// A folded field line, read as one with a space for each fold (RFC 9112 section 5.2).
    /// Not in `Content-Length` and `Transfer-Encoding`.
    pub obs_fold: bool,
    /// White space after a chunk size (RFC 9112 section 7.1).
    pub chunk_size_space: bool,
    /// A chunk extension that is not well formed, without quotes and control characters: it is
    /// ignored anyway (RFC 9112 section 7.1.1).
    pub chunk_ext: bool,
    /// `Content-Length` and `Transfer-Encoding` that are malformed or contradict each other, in a response that has
    /// no content: to HEAD, 204, 304. They are not forwarded, and the connection is not used again, because who
    /// sends such a head may send content after it. Recorded as [`Deviation::LengthInNoContent`].
    pub lengths_without_content: bool,
    /// Empty elements in the list of transfer codings, which a recipient "MUST parse and ignore" (RFC 9110 section 5.6.1.2),
    /// and peers read in two ways: `chunked,`, `,chunked`, a line without a value.
    pub empty_codings: bool,
    /// Up to four empty lines before a status line.
    pub leading_crlf: bool,
    /// More than one space before the status code (RFC 9112 section 4).
    pub status_line_spaces: bool,
    /// White space between a field name and its colon, removed as RFC 9112 section 5.1 asks of a proxy.
    /// Not in `Content-Length` and `Transfer-Encoding`.
    pub space_before_colon: bool,
}

impl Leniency {
    /// Tolerates nothing that RFC 9112 lets a recipient refuse.
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            bare_lf: false,
            obs_fold: false,
            chunk_size_space: false,
            chunk_ext: false,
            lengths_without_content: false,
            empty_codings: false,
            leading_crlf: false,
            status_line_spaces: false,
            space_before_colon: false,
        }
    }

    /// Tolerates what real servers send, most peers accept, and no boundary depends on. The default.
    #[must_use]
    pub const fn compatible() -> Self {
        Self {
            bare_lf: true,
            obs_fold: true,
            chunk_size_space: true,
            chunk_ext: true,
            lengths_without_content: true,
            empty_codings: true,
            ..Self::strict()
        }
    }
}

impl Default for Leniency {
    fn default() -> Self {
        Self::compatible()
    }
}

macro_rules! deviations {
    ($($variant:ident = $name:literal: $what:literal;)+) => {
        /// Something that was tolerated, or that is allowed and still worth a line in the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Deviation { $(#[doc = $what] $variant,)+ }

        impl Deviation {
            /// Every deviation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

deviations! {
    // By a switch of `Leniency`.
    BareLf = "bare_lf": "A line feed alone ended a line of the head.";
    ObsFold = "obs_fold": "A field line was folded.";
    ChunkSizeSpace = "chunk_size_space": "White space after a chunk size.";
    ChunkExt = "chunk_ext": "A malformed chunk extension was ignored.";
    EmptyCoding = "empty_coding": "An empty element in the list of transfer codings.";
    LeadingCrlf = "leading_crlf": "Empty lines before the status line.";
    StatusLineSpaces = "status_line_spaces": "More than one space before the status code.";
    SpaceBeforeColon = "space_before_colon": "White space between a field name and its colon.";
    // Always accepted.
    MissingReasonSpace = "missing_reason_space": "No space after the status code (RFC 9112 section 4 obliges the sender alone).";
    HigherMinor = "higher_minor": "HTTP/1.2 or above, read as HTTP/1.1 (RFC 9110 section 2.5).";
    CodeAbove599 = "code_above_599": "A status code above 599, to be treated as 500 (RFC 9110 section 15). Read, and not passed on: see [`forward::check`](super::forward::check).";
    RepeatedContentLength = "repeated_content_length": "The same Content-Length several times (RFC 9110 section 8.6).";
    LengthInNoContent = "length_in_no_content": "Content-Length or Transfer-Encoding in a 1xx, a 204 or an answer to CONNECT (RFC 9110 section 8.6, RFC 9112 section 6.1), or unsound ones in an answer to HEAD or a 304: ignored.";
    OtherCodings = "other_codings": "Transfer codings below chunked: the content is still encoded (RFC 9112 section 7). Read, and not passed on unless all of them are `identity`: see [`forward::check`](super::forward::check).";
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The set of deviations met so far.
///
/// ```
/// use badgateway::h1::{Deviation, Deviations};
///
/// let mut seen = Deviations::new();
/// seen.insert(Deviation::BareLf);
/// assert!(seen.contains(Deviation::BareLf));
/// assert_eq!(seen.to_string(), "bare_lf");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Deviations(u16);

impl Deviations {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn contains(self, deviation: Deviation) -> bool {
        self.0 & Self::bit(deviation) != 0
    }

    /// Adds one.
    pub const fn insert(&mut self, deviation: Deviation) {
        self.0 |= Self::bit(deviation);
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The deviations, in the order of [`Deviation::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Deviation> {
        Deviation::ALL.iter().copied().filter(move |&d| self.contains(d))
    }

    const fn bit(deviation: Deviation) -> u16 {
        1_u16.wrapping_shl(deviation as u32)
    }
}

impl fmt::Display for Deviations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, deviation) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            f.write_str(deviation.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Deviations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)]
    use super::*;

    #[test]
    fn every_deviation_has_a_bit_of_its_own() {
        assert!(Deviation::ALL.len() <= 16);
        for &a in Deviation::ALL {
            let mut set = Deviations::new();
            set.insert(a);
            assert_eq!(set.iter().collect::<Vec<_>>(), [a]);
        }
    }
}
