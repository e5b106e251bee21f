//! Settings are read from words.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use badgateway::UnknownWord;
use badgateway::decide::Profile;
use badgateway::reply::{Disclosure, Mark};

/// Every accepted word is read and is what its value calls itself, and no two words mean the same.
#[track_caller]
fn round_trip<T: FromStr<Err = UnknownWord> + Display + Debug>(words: &[&str], values: &[&str]) {
    let mut seen = HashSet::new();
    for word in words {
        let value: T = word.parse().unwrap();
        assert_eq!(value.to_string(), *word);
        assert!(seen.insert(format!("{value:?}")), "{word}: a second word for {value:?}");
    }
    assert_eq!(words.iter().map(|word| format!("{:?}", word.parse::<T>().unwrap())).collect::<Vec<_>>(), values);
    let upper = words[0].to_uppercase();
    for unknown in ["", " ", "custom", &upper, &format!("{} ", words[0]), &words.join(", ")] {
        let error = unknown.parse::<T>().unwrap_err();
        assert_eq!(error.accepted(), words, "{unknown:?}");
        assert_eq!(error.to_string(), format!("not one of {}", words.join(", ")));
    }
}

#[test]
fn a_setting_is_read_from_the_word_that_it_calls_itself() {
    round_trip::<Profile>(
        &["rfc9209", "cloudflare", "nginx", "envoy", "haproxy"],
        &["Rfc9209", "Cloudflare", "Nginx", "Envoy", "HaProxy"],
    );
    round_trip::<Disclosure>(&["token", "details", "trusted"], &["Token", "Details", "Trusted"]);
    round_trip::<Mark>(&["never", "server_errors", "always"], &["Never", "ServerErrors", "Always"]);
}
