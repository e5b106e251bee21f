//! `Sizes`: how large the types are that a probe knows.

use std::error::Error;

/// The sizes of some types: a bit for each number of words. Most links of a chain are told by it to be none of them, for less
/// than a call would cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes(u64);

impl Sizes {
    pub(crate) const NONE: Self = Self(0);

    /// The size of `T`.
    #[allow(dead_code)] // without an adapter
    pub(crate) const fn of<T>() -> Self {
        Self(bit(size_of::<T>()))
    }

    /// These, or those.
    #[allow(dead_code)] // without an adapter
    pub(crate) const fn or(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }

    /// Whether the link may be one of those types.
    #[inline(always)]
    pub(crate) fn may_be(self, link: &(dyn Error + 'static)) -> bool {
        self.0 & bit(size_of_val(link)) != 0
    }
}

/// All that are larger share the last bit.
#[inline(always)]
const fn bit(size: usize) -> u64 {
    let words = size / 8;
    1 << if words < 63 { words } else { 63 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use std::fmt;

    struct Of<const N: usize>([u8; N]);

    impl<const N: usize> fmt::Debug for Of<N> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0.len())
        }
    }

    impl<const N: usize> fmt::Display for Of<N> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(self, f)
        }
    }

    impl<const N: usize> Error for Of<N> {}

    #[test]
    fn knows_each_size_by_its_words() {
        let links: [&(dyn Error + 'static); 8] = [
            &Of([]),
            &Of([0; 4]),
            &Of([0; 8]),
            &Of([0; 16]),
            &Of([0; 496]),
            &Of([0; 504]),
            &Of([0; 512]),
            &Of([0; 4096]),
        ];
        let sizes = [
            (Sizes::of::<Of<0>>(), [1, 1, 0, 0, 0, 0, 0, 0]),
            (Sizes::of::<Of<8>>(), [0, 0, 1, 0, 0, 0, 0, 0]),
            (Sizes::of::<Of<496>>(), [0, 0, 0, 0, 1, 0, 0, 0]),
            (Sizes::of::<Of<520>>(), [0, 0, 0, 0, 0, 1, 1, 1]),
            (Sizes::of::<Of<16>>().or(Sizes::of::<Of<4>>()), [1, 1, 0, 1, 0, 0, 0, 0]),
            (Sizes::NONE, [0; 8]),
        ];
        for (sizes, expected) in sizes {
            assert_eq!(links.map(|link| u8::from(sizes.may_be(link))), expected, "{sizes:?}");
        }
        assert!(Sizes::of::<Fault>().may_be(&Fault::new(crate::fault::FaultKind::Goaway)));
    }
}
