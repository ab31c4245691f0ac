//! The vectors of RFC 5802 and RFC 7677 in full; the others were computed with Python's hashlib.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::scram::Scram;
use super::*;
use crate::proto::entropy::Entropy;

/// 0, 1, 2, … so that the client's nonce is [`NONCE`].
struct Counting;

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for (byte, value) in bytes.iter_mut().zip(0..) {
            *byte = value;
        }
    }
}

const NONCE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const SERVER_FIRST: &str = "r=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXserver,s=AQIDBAUGBwgJCgsMDQ4PEA==,i=4096";
const SIGNATURE_IX: &[u8] = b"v=oVGGoXdmRU+lkbQvIdlxgKjcL2WnpkT6d3KrgeZApQ0=";

fn account(username: &str, password: &str) -> Credentials {
    Credentials::Password { username: username.to_owned(), password: password.to_owned() }
}

/// A SCRAM-SHA-256 exchange that expects the server's first message; the password is "IX".
fn expecting_server_first() -> Exchange {
    Exchange::start(Mechanism::ScramSha256, &account("user", "IX"), "", &mut Counting).unwrap().0
}

/// The same, when the proof is sent.
fn expecting_server_final() -> Exchange {
    let mut exchange = expecting_server_first();
    let Ok(Step::DeriveKey(request)) = exchange.handle_challenge(SERVER_FIRST.as_bytes()) else { panic!("no key asked for") };
    exchange.handle_key(&derive_key(&request)).unwrap();
    exchange
}

/// What becomes of a first message of the server; `{}` stands for our nonce.
fn reason_for_first(message: &str) -> &'static str {
    match expecting_server_first().handle_challenge(message.replace("{}", NONCE).as_bytes()) {
        Ok(_) => "accepted",
        Err(error) => error.reason(),
    }
}

/// What becomes of a final message of the server.
fn reason_for_final(message: &[u8]) -> &'static str {
    let with_success = expecting_server_final().handle_success(Some(message)).map_err(|error| error.reason()).err();
    let as_challenge = expecting_server_final().handle_challenge(message).map_err(|error| error.reason()).err();
    assert_eq!(with_success, as_challenge);
    with_success.unwrap_or("accepted")
}

#[test]
fn rfc_5802_vector_for_sha_1() {
    let (mut scram, first) = Scram::with_nonce(Hash::Sha1, "user", "pencil", "", "fyko+d2lbbFgONRv9qkxdawL".to_owned()).unwrap();
    assert_eq!(first, b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
    let Ok(Step::DeriveKey(request)) = scram.handle_challenge(challenge) else { panic!("no key asked for") };
    assert_eq!((request.hash, request.iterations), (Hash::Sha1, 4096));
    assert_eq!(
        String::from_utf8(scram.handle_key(&derive_key(&request)).unwrap()).unwrap(),
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    );
    assert_eq!(scram.handle_success(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), Ok(()));
}

#[test]
fn rfc_7677_vector_for_sha_256() {
    let (mut scram, first) = Scram::with_nonce(Hash::Sha256, "user", "pencil", "", "rOprNGfwEbeRWgbNEkqO".to_owned()).unwrap();
    assert_eq!(first, b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let Ok(Step::DeriveKey(request)) = scram.handle_challenge(challenge) else { panic!("no key asked for") };
    assert_eq!((request.hash, request.iterations), (Hash::Sha256, 4096));
    assert_eq!(
        String::from_utf8(scram.handle_key(&derive_key(&request)).unwrap()).unwrap(),
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    assert_eq!(scram.handle_success(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
}

/// Runs a whole exchange and gives the client's two messages.
fn run(mechanism: Mechanism, credentials: &Credentials, challenge: &str, server_final: &str) -> (String, String) {
    let (mut exchange, first) = Exchange::start(mechanism, credentials, "", &mut Counting).unwrap();
    let Ok(Step::DeriveKey(request)) = exchange.handle_challenge(challenge.as_bytes()) else { panic!("no key asked for") };
    let last = exchange.handle_key(&derive_key(&request)).unwrap();
    assert_eq!(exchange.handle_success(Some(server_final.as_bytes())), Ok(()));
    (String::from_utf8(first).unwrap(), String::from_utf8(last).unwrap())
}

#[test]
fn sha_512_vector_from_an_independent_computation() {
    let (first, last) = run(
        Mechanism::ScramSha512,
        &account("user", "pencil"),
        "r=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXserver,s=AQIDBAUGBwgJCgsMDQ4PEA==,i=5000",
        "v=ydmLiAvCEK9Le6BuycWGMHNMSJ9V+5R3KnoI6V/8YNQIGfgD0ftNsmW1rIbOeadc1ZSaxkfmaQapuo2TBPXdsw==",
    );
    assert_eq!(first, "n,,n=user,r=AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    assert_eq!(
        last,
        "c=biws,r=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXserver,\
         p=pIlNXTYb7zMQm8fLV5mltwxRo4VTpK8q9lyLJk5r5CKb/gjmMhe53cfAHTlFFoMMvgmt4HH9CxpmDm+R2X8+TQ=="
    );
}

#[test]
fn a_password_outside_ascii_is_prepared_before_its_key_is_derived() {
    // The vector was computed for "IXa".
    let (_, last) = run(
        Mechanism::ScramSha256,
        &account("user", "\u{2168}\u{ad}\u{aa}"),
        SERVER_FIRST,
        "v=A9s/W6ZH3I++cbq4WpJSoJR2+EalE0xuwpIIW1SVYTM=",
    );
    assert!(last.ends_with(",p=joN4PrduA3p0qjWKvGfk/WRQ/Z1Rluxk/sSQfT3YGrw="));
}

#[test]
fn commas_and_equals_signs_in_the_username_are_escaped_and_emoji_in_the_password_kept() {
    // The vector was computed for the escaped username and "pa ss😀a".
    let (first, last) = run(
        Mechanism::ScramSha256,
        &account("ro=me,o", "pa\u{a0}ss😀\u{aa}"),
        SERVER_FIRST,
        "v=I4C854OARqBqDiLQK+Lc2jDZjZTWSUtGyZuy6SHScag=",
    );
    assert_eq!(first, "n,,n=ro=3Dme=2Co,r=AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    assert!(last.ends_with(",p=DRwY9TqCo46QJcbMtJop9/Iyc21+6gCw2SdpO41vy4I="));
}

#[test]
fn saslprep_follows_the_examples_of_rfc_4013_section_3() {
    for (text, expected) in [
        ("I\u{ad}X", Some("IX")),
        ("user", Some("user")),
        ("USER", Some("USER")),
        ("\u{aa}", Some("a")),
        ("\u{2168}", Some("IX")),
        ("\u{7}", None),
        ("\u{627}1", None),
        // Beyond its examples: nothing left, a NUL, a private use character, a noncharacter, and what Unicode 3.2 did not know.
        ("", None),
        ("\u{ad}", None),
        ("a\0b", None),
        ("\u{e000}", None),
        ("a\u{1fffe}", None),
        ("😀", Some("😀")),
        ("😀\u{7}", None),
        ("\u{aa}😀\u{aa}😀", Some("a😀a😀")),
    ] {
        let prepared = prep::prepare(text, "password");
        assert_eq!(prepared.as_ref().ok().map(|prepared| prepared.as_str()), expected, "{text:?}");
    }
}

#[test]
fn credentials_that_cannot_be_prepared_are_named_and_not_shown() {
    for mechanism in [Mechanism::ScramSha256, Mechanism::Plain] {
        for (credentials, field) in [(account("a\0b", "secret"), "username"), (account("user", "se\0cret"), "password")] {
            let error = Exchange::start(mechanism, &credentials, "", &mut Counting).unwrap_err();
            assert_eq!(error.reason(), "bad-credentials");
            assert!(error.to_string().contains(field) && !error.to_string().contains("cret"));
        }
    }
}

#[test]
fn the_servers_nonce_has_to_continue_ours() {
    for message in
        ["r=somethingElse,s=AQID,i=4096", "r={},s=AQID,i=4096", "r=x{}server,s=AQID,i=4096", "r=AAECAwQFBgcICQoL,s=AQID,i=4096"]
    {
        assert_eq!(reason_for_first(message), "nonce-mismatch", "{message}");
    }
    assert_eq!(reason_for_first("r={}sër,s=AQID,i=4096"), "malformed-message");
    assert_eq!(reason_for_first("r={}a b,s=AQID,i=4096"), "malformed-message");
    assert_eq!(reason_for_first(&format!("r={{}}{},s=AQID,i=4096", "x".repeat(1024))), "malformed-message");
}

#[test]
fn iterations_are_accepted_from_4096_to_a_million() {
    for (iterations, expected) in [
        ("4096", "accepted"),
        ("1000000", "accepted"),
        ("1", "iterations-too-low"),
        ("4095", "iterations-too-low"),
        ("1000001", "iterations-too-high"),
        ("1000000000", "iterations-too-high"),
        ("4294967296", "iterations-too-high"),
        ("99999999999999999999999999", "iterations-too-high"),
        ("0", "malformed-message"),
        ("04096", "malformed-message"),
        ("+4096", "malformed-message"),
        ("-4096", "malformed-message"),
        ("4096 ", "malformed-message"),
        ("4e5", "malformed-message"),
        ("\u{664}\u{660}\u{669}\u{666}", "malformed-message"),
        ("", "malformed-message"),
    ] {
        assert_eq!(reason_for_first(&format!("r={{}}x,s=AQID,i={iterations}")), expected, "{iterations}");
    }
}

#[test]
fn a_malformed_first_message_is_refused() {
    for message in [
        "",
        ",",
        "r",
        "r=",
        "r={}x",
        "r={}x,s=AQID",
        "s=AQID,r={}x,i=4096",
        "r={}x,i=4096,s=AQID",
        "r={}x,r={}x,s=AQID,i=4096",
        "r={}x,s=AQID,s=AQID,i=4096",
        "r={}x,s=AQID,i=4096,i=5000",
        "r={}x,s=AQID,i=4096,r={}x",
        "r={}x,s=AQID,i=4096,x=1,x=2",
        "r={}x,s=AQID,i=4096,",
        "r={}x,s=AQID,i=4096,x",
        "r={}x,s=AQID,i=4096,x=",
        "r={}x,s=AQID,i=4096,xy=1",
        "r={}x,s=AQID,i=4096,1=1",
        "r={}x,s=AQID,i=4096,x=a\0b",
        "r={}x,x=1,s=AQID,i=4096",
        " r={}x,s=AQID,i=4096",
        "r={}x,s=,i=4096",
        "r={}x,s=AQI,i=4096",
        "r={}x,s=A*ID,i=4096",
        "R={}x,S=AQID,I=4096",
        "v=AQID",
    ] {
        assert_eq!(reason_for_first(message), "malformed-message", "{message}");
    }
    let salt = |bytes: usize| "AAAA".repeat(bytes / 3);
    assert_eq!(reason_for_first(&format!("r={{}}x,s={},i=4096", salt(1023))), "accepted");
    assert_eq!(reason_for_first(&format!("r={{}}x,s={},i=4096", salt(1026))), "malformed-message");
    assert_eq!(reason_for_first(&format!("r={{}}x,s=AQID,i=4096,x={}", "x".repeat(8192))), "malformed-message");
    let not_utf8 = expecting_server_first().handle_challenge(b"r=\xff,s=AQID,i=4096").unwrap_err();
    assert_eq!(not_utf8.reason(), "malformed-message");
}

#[test]
fn unknown_extensions_are_ignored_and_mandatory_ones_refused() {
    assert_eq!(reason_for_first("r={}x,s=AQID,i=4096,x=a=b,Y=ü"), "accepted");
    assert_eq!(reason_for_first("m=new,r={}x,s=AQID,i=4096"), "extension-refused");
    assert_eq!(reason_for_first("r={}x,s=AQID,i=4096,m=new"), "extension-refused");
    assert_eq!(reason_for_final(&[SIGNATURE_IX, b",x=1"].concat()), "accepted");
    assert_eq!(reason_for_final(&[SIGNATURE_IX, b",m=1"].concat()), "extension-refused");
}

#[test]
fn success_is_believed_only_with_the_servers_signature() {
    assert_eq!(reason_for_final(SIGNATURE_IX), "accepted");
    assert_eq!(reason_for_final(b""), "signature-missing");
    assert_eq!(reason_for_final(b"v=oVGGoXdmRU+lkbQvIdlxgKjcL2WnpkT6d3KrgeZApQ4="), "signature-mismatch");
    assert_eq!(reason_for_final(b"v=oVGGoXdmRU+lkbQvIdlxgKjcL2WnpkT6d3KrgeZA"), "signature-mismatch");
    assert_eq!(reason_for_final(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), "signature-mismatch");
    assert_eq!(reason_for_final(b"v="), "malformed-message");
    assert_eq!(reason_for_final(b"v=*"), "malformed-message");
    assert_eq!(reason_for_final(b"x=1,v=AQID"), "malformed-message");
    assert_eq!(reason_for_final(b"\xff"), "malformed-message");
    assert_eq!(expecting_server_final().handle_success(None), Err(SaslError::MissingSignature));
    assert_eq!(expecting_server_first().handle_success(Some(SIGNATURE_IX)), Err(SaslError::MissingSignature));
    let mut expecting_key = expecting_server_first();
    expecting_key.handle_challenge(SERVER_FIRST.as_bytes()).unwrap();
    assert_eq!(expecting_key.handle_success(Some(SIGNATURE_IX)), Err(SaslError::MissingSignature));
}

#[test]
fn the_signature_may_come_as_a_challenge_that_takes_an_empty_response() {
    for additional in [None, Some(&b""[..])] {
        let mut exchange = expecting_server_final();
        assert!(matches!(exchange.handle_challenge(SIGNATURE_IX), Ok(Step::Respond(response)) if response.is_empty()));
        assert_eq!(exchange.handle_success(additional), Ok(()));
    }
    let mut exchange = expecting_server_final();
    exchange.handle_challenge(SIGNATURE_IX).unwrap();
    assert_eq!(exchange.handle_challenge(SIGNATURE_IX).unwrap_err(), SaslError::TooManyChallenges);
    assert_eq!(exchange.handle_success(None), Err(SaslError::OutOfOrder));
}

#[test]
fn the_servers_own_error_is_told_without_what_cannot_be_shown() {
    assert_eq!(
        expecting_server_final().handle_success(Some(b"e=invalid-proof")),
        Err(SaslError::ServerError { error: "invalid-proof".to_owned() })
    );
    assert_eq!(reason_for_final(b"e=other-error,v=AQID"), "server-error");
    assert_eq!(reason_for_first("e=unknown-user"), "server-error");
    let error = expecting_server_final().handle_success(Some("e=no\u{1b}[0m\u{202e}".as_bytes())).unwrap_err();
    assert_eq!(error, SaslError::ServerError { error: "no?[0m?".to_owned() });
}

#[test]
fn what_comes_out_of_turn_fails_the_exchange_for_good() {
    let mut exchange = expecting_server_first();
    assert_eq!(exchange.handle_key(&[0; 32]), Err(SaslError::OutOfOrder));
    assert_eq!(exchange.handle_challenge(SERVER_FIRST.as_bytes()).unwrap_err(), SaslError::OutOfOrder);

    let mut exchange = expecting_server_first();
    exchange.handle_challenge(SERVER_FIRST.as_bytes()).unwrap();
    assert_eq!(exchange.handle_challenge(SERVER_FIRST.as_bytes()).unwrap_err(), SaslError::OutOfOrder);
    assert_eq!(exchange.handle_key(&[0; 32]), Err(SaslError::OutOfOrder));

    let mut exchange = expecting_server_first();
    exchange.handle_challenge(SERVER_FIRST.as_bytes()).unwrap();
    assert_eq!(exchange.handle_key(&[0; 20]), Err(SaslError::BadKey));

    let mut exchange = expecting_server_final();
    assert_eq!(exchange.handle_success(Some(b"v=AQID")), Err(SaslError::SignatureMismatch));
    assert_eq!(exchange.handle_success(Some(SIGNATURE_IX)), Err(SaslError::OutOfOrder));

    let mut exchange = expecting_server_final();
    assert_eq!(exchange.handle_success(Some(SIGNATURE_IX)), Ok(()));
    assert_eq!(exchange.handle_success(Some(SIGNATURE_IX)), Err(SaslError::OutOfOrder));
}

#[test]
fn plain_external_and_anonymous_say_all_in_the_initial_response() {
    for (mechanism, credentials, expected) in [
        (Mechanism::Plain, account("romeo", "\u{2168},=\u{fc}"), "\0romeo\0IX,=\u{fc}"),
        (Mechanism::Anonymous, Credentials::Anonymous, ""),
        (Mechanism::External, Credentials::External, ""),
    ] {
        let (mut exchange, first) = Exchange::start(mechanism, &credentials, "", &mut Counting).unwrap();
        assert_eq!(first, expected.as_bytes());
        assert_eq!(exchange.handle_success(None), Ok(()));
        assert_eq!(exchange.handle_success(None), Err(SaslError::OutOfOrder));

        let (mut exchange, _) = Exchange::start(mechanism, &credentials, "", &mut Counting).unwrap();
        assert_eq!(exchange.handle_challenge(b"").unwrap_err(), SaslError::OutOfOrder);
        assert_eq!(exchange.handle_success(None), Err(SaslError::OutOfOrder));
    }
}

#[test]
fn a_mechanism_does_not_start_with_credentials_of_another_kind() {
    for (mechanism, credentials) in [
        (Mechanism::Anonymous, account("user", "secret")),
        (Mechanism::Plain, Credentials::Anonymous),
        (Mechanism::ScramSha1, Credentials::None),
    ] {
        assert_eq!(Exchange::start(mechanism, &credentials, "", &mut Counting).unwrap_err(), SaslError::NoCredentials);
    }
}

#[test]
fn the_strongest_mechanism_that_policy_and_credentials_allow_is_chosen() {
    let romeo = account("romeo", "secret");
    let (secure, insecure) = (Policy { allows_plain: true, floor: None }, Policy { allows_plain: false, floor: None });
    let after_scram = Policy { allows_plain: true, floor: Some(Mechanism::ScramSha1) };
    let after_sha_256 = Policy { allows_plain: true, floor: Some(Mechanism::ScramSha256) };
    for (offered, credentials, policy, expected) in [
        ("PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512", &romeo, secure, Ok(Mechanism::ScramSha512)),
        ("SCRAM-SHA-1 SCRAM-SHA-256 PLAIN ANONYMOUS", &romeo, insecure, Ok(Mechanism::ScramSha256)),
        ("SCRAM-SHA-512-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-1", &romeo, secure, Ok(Mechanism::ScramSha1)),
        ("X-OAUTH2 PLAIN EXTERNAL", &romeo, secure, Ok(Mechanism::Plain)),
        ("PLAIN", &romeo, insecure, Err("plain-insecure")),
        ("PLAIN", &romeo, after_scram, Err("downgrade-refused")),
        ("PLAIN SCRAM-SHA-1", &romeo, after_scram, Ok(Mechanism::ScramSha1)),
        ("SCRAM-SHA-1", &romeo, after_sha_256, Err("downgrade-refused")),
        ("SCRAM-SHA-256-PLUS", &romeo, secure, Err("no-common-mechanism")),
        ("scram-sha-1 plain", &romeo, secure, Err("no-common-mechanism")),
        ("ANONYMOUS", &romeo, secure, Err("no-common-mechanism")),
        ("", &romeo, secure, Err("no-common-mechanism")),
        ("SCRAM-SHA-1 ANONYMOUS", &Credentials::Anonymous, insecure, Ok(Mechanism::Anonymous)),
        ("SCRAM-SHA-1 PLAIN", &Credentials::Anonymous, secure, Err("no-common-mechanism")),
        ("SCRAM-SHA-1 ANONYMOUS", &Credentials::None, secure, Err("no-credentials")),
    ] {
        let chosen = choose(offered.split_whitespace(), credentials, &policy).map_err(|error| error.reason());
        assert_eq!(chosen, expected, "{offered} {policy:?}");
    }
}

#[test]
fn a_token_and_a_certificate_have_mechanisms_of_their_own_and_no_floor() {
    let token = Credentials::Token { jid: "romeo@example.net".to_owned(), token: "abc".to_owned() };
    let all = "PLAIN SCRAM-SHA-256 OAUTHBEARER EXTERNAL ANONYMOUS";
    for (credentials, allows_plain, expected) in [
        (&token, true, Ok(Mechanism::OAuthBearer)),
        (&token, false, Err("plain-insecure")),
        (&Credentials::External, false, Ok(Mechanism::External)),
        (&account("romeo", "secret"), true, Ok(Mechanism::ScramSha256)),
    ] {
        let policy = Policy { allows_plain, floor: Some(Mechanism::ScramSha1) };
        let chosen = choose(all.split_whitespace(), credentials, &policy).map_err(|error| error.reason());
        assert_eq!(chosen, expected, "{credentials:?}");
    }
}

#[test]
fn a_bearer_token_goes_out_as_rfc_7628_says_and_its_refusal_is_acknowledged() {
    let token = |token: &str| Credentials::Token { jid: "ro=me,o@example.net".to_owned(), token: token.to_owned() };
    let start = |text: &str| Exchange::start(Mechanism::OAuthBearer, &token(text), "", &mut Counting);
    let (mut exchange, first) = start("secret-token:aGk=").unwrap();
    assert_eq!(first, b"n,a=ro=3Dme=2Co@example.net,\x01auth=Bearer secret-token:aGk=\x01\x01");
    // Section 3.2.3: the client MUST answer with a single 0x01.
    let refusal = br#"{"status":"invalid_token"}"#;
    assert!(matches!(exchange.handle_challenge(refusal), Ok(Step::Respond(response)) if response == [1]));
    assert_eq!(exchange.handle_challenge(refusal).unwrap_err(), SaslError::OutOfOrder);
    assert_eq!(exchange.handle_success(None), Err(SaslError::OutOfOrder));
    assert_eq!(start("abc").unwrap().0.handle_success(None), Ok(()));
    for text in ["", "a b", "a\u{1}", "é"] {
        assert_eq!(start(text).unwrap_err().reason(), "bad-credentials", "{text:?}");
    }
}

#[test]
fn the_list_of_mechanisms_is_checked_where_the_server_says_its_hash() {
    // XEP-0474, section 6: the hash of its example, which has lists in another order.
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let mechanisms = names(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]);
    let bindings = names(&["tls-server-end-point", "tls-exporter"]);
    let input = downgrade_input(&mechanisms, Some(&bindings));
    assert_eq!(input, "SCRAM-SHA-1\u{1e}SCRAM-SHA-1-PLUS\u{1f}tls-exporter\u{1e}tls-server-end-point");
    let outcome = |offer: &str, extension: &str| {
        let mut scram = Scram::with_nonce(Hash::Sha1, "user", "secret", offer, NONCE.to_owned()).unwrap().0;
        let first = format!("r={NONCE}x,s=AQID,i=4096{extension}");
        scram.handle_challenge(first.as_bytes()).map_err(|error| error.reason()).map(drop)
    };
    let hash = ",h=G6k/rBLDqgOhRRaCuuatSDFkJ08=";
    assert_eq!(outcome(&input, hash), Ok(()));
    assert_eq!(outcome(&input, &format!(",x=1{hash}")), Ok(()));
    assert_eq!(outcome(&input, ""), Ok(()));
    for changed in [
        downgrade_input(&names(&["SCRAM-SHA-1"]), Some(&bindings)),
        downgrade_input(&mechanisms, Some(&names(&["tls-exporter"]))),
        downgrade_input(&mechanisms, None),
    ] {
        assert_eq!(outcome(&changed, hash), Err("downgrade-detected"));
    }
    assert_eq!(outcome(&input, ",h=G6k"), Err("downgrade-detected"));
    // A list that is there and empty is not a list that is not there.
    assert_ne!(downgrade_input(&mechanisms, Some(&[])), downgrade_input(&mechanisms, None));
}

#[test]
fn the_error_names_what_was_offered() {
    let error = choose(["GSSAPI", "X-\u{202e}"].into_iter(), &account("romeo", "secret"), &Policy::default()).unwrap_err();
    assert!(error.to_string().ends_with("it offers GSSAPI, X-?"), "{error}");
    let error = choose(std::iter::empty(), &account("romeo", "secret"), &Policy::default()).unwrap_err();
    assert!(error.to_string().ends_with("it offers none"), "{error}");
}

#[test]
fn debug_output_shows_no_secret() {
    let mut exchange = expecting_server_first();
    let before = format!("{exchange:?}");
    let Ok(Step::DeriveKey(request)) = exchange.handle_challenge(SERVER_FIRST.as_bytes()) else { panic!("no key asked for") };
    let shown = format!("{before} {exchange:?} {request:?} {:?}", account("romeo", "IX"));
    // 73, 88 is "IX" as bytes; 1, 2, 3 begins the salt.
    for secret in ["IX", "73, 88", "1, 2, 3", NONCE] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn mechanisms_are_listed_strongest_first() {
    assert!(Mechanism::ALL.is_sorted_by(|stronger, weaker| stronger.strength() > weaker.strength()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_challenge_makes_it_panic_or_believe(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        attributes in "([rsivem]=[A-Za-z0-9+/=]{0,8},?){0,5}",
        tail in any::<String>(),
    ) {
        for message in [bytes, attributes.into_bytes(), format!("r={NONCE}{tail}").into_bytes(), format!("v={tail}").into_bytes()] {
            let _ = expecting_server_first().handle_challenge(&message);
            let mut scram = Scram::with_nonce(Hash::Sha1, "user", "secret", "", NONCE.to_owned()).unwrap().0;
            scram.handle_challenge(SERVER_FIRST.as_bytes()).unwrap();
            let _ = scram.handle_key(&[7; 20]).unwrap();
            prop_assert!(scram.handle_success(&message).is_err());
        }
    }

    #[test]
    fn no_password_makes_preparation_panic(text in any::<String>()) {
        let _ = prep::prepare(&text, "password");
    }
}
