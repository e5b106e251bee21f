#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| badgateway_fuzz::bodies::audit_request::run(data));
