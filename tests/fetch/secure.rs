//! https: a certificate counts when an authority that the machine trusts has signed it for this very name.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use byline::intake::fetch::{FetchError, Fetcher, Policy};

use super::support::{Names, closed, get};

/// Tells the process that fetches where its server is.
const PORT: &str = "BYLINE_TEST_TLS_PORT";

fn openssl(folder: &Path, arguments: &str) -> std::io::Result<bool> {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output()?;
    Ok(output.status.success())
}

/// A server with a certificate for `secure.example` that `ca.pem` has signed; `None` where there is no openssl.
fn server(folder: &Path, port: u16) -> Option<Child> {
    std::fs::write(folder.join("san"), "subjectAltName=DNS:secure.example\n").ok()?;
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let made = openssl(folder, &format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"))
        .ok()?
        && openssl(folder, &format!("req {key} -keyout leaf.key -out leaf.csr -subj /CN=secure.example")).ok()?
        && openssl(
            folder,
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out leaf.pem",
        )
        .ok()?;
    let arguments = format!("s_server -accept 127.0.0.1:{port} -cert leaf.pem -key leaf.key -www");
    let mut command = Command::new("openssl");
    let command = command.current_dir(folder).args(arguments.split(' ')).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok().filter(|_| made)?;
    // It says ACCEPT when it listens.
    let told = BufReader::new(child.stdout.take()?).lines().map_while(Result::ok).any(|line| line.contains("ACCEPT"));
    assert!(told, "openssl serves");
    Some(child)
}

#[test]
fn a_certificate_counts_for_its_name_and_with_a_trusted_authority() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(mut server) = server(folder.path(), port) else {
        let _ = writeln!(std::io::stderr(), "skipped: no openssl on this machine to serve https with");
        return;
    };
    // Trust belongs to a process, so the fetches run in processes of their own.
    let child = |trusted: Option<&Path>, test: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(PORT, port.to_string()).args(["--exact", test, "--include-ignored"]);
        if let Some(file) = trusted {
            command.env("SSL_CERT_FILE", file);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success() && told.contains("1 passed"), told)
    };
    let trusted = child(Some(&folder.path().join("ca.pem")), "secure::fetches_with_trust");
    let untrusted = child(None, "secure::fetches_without_trust");
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(trusted.0, "{}", trusted.1);
    assert!(untrusted.0, "{}", untrusted.1);
}

fn fetcher() -> (Fetcher, u16) {
    let port = std::env::var(PORT).unwrap().parse().unwrap();
    let names = Names::new([("secure.example", &[&["127.0.0.1"]]), ("other.example", &[&["127.0.0.1"]])]);
    (Fetcher::with_resolver(Policy { allow_loopback: true, ..closed(&[port]) }, names), port)
}

#[tokio::test]
#[ignore = "runs inside a_certificate_counts_for_its_name_and_with_a_trusted_authority"]
async fn fetches_with_trust() {
    let (fetcher, port) = fetcher();
    assert!(!get(&fetcher, &format!("https://secure.example:{port}/")).await.unwrap().body.is_empty());
    let refused = get(&fetcher, &format!("https://other.example:{port}/")).await;
    assert!(
        matches!(&refused, Err(FetchError::Connect { reason, .. }) if reason.contains("certificate")),
        "{refused:?}"
    );
}

#[tokio::test]
#[ignore = "runs inside a_certificate_counts_for_its_name_and_with_a_trusted_authority"]
async fn fetches_without_trust() {
    let (fetcher, port) = fetcher();
    let refused = get(&fetcher, &format!("https://secure.example:{port}/")).await;
    let untrusted = matches!(&refused, Err(FetchError::Connect { reason, .. }) if reason.contains("certificate"));
    assert!(untrusted || matches!(refused, Err(FetchError::NoTrust(_))), "{refused:?}");
}
