#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| badgateway_fuzz::bodies::templates::run(data));
