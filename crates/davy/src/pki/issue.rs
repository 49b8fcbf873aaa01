//! Certificates that the authority signs.

use std::{path::Path, time::Duration};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};

use super::{
    address,
    authority::{called, dates, serial, signer},
    folder::{CA, Folder, LIST},
    ledger::{self, Issued},
};
use crate::{
    exit::{Exit, Misuse},
    out, span,
};

/// Longest name, bytes: as much as a common name may have (RFC 5280, appendix A).
const NAME_LEN_MAX: usize = 64;

/// Signs for a server.
pub(super) fn server(dir: &Path, names: &[String], holds: Duration) -> anyhow::Result<Exit> {
    let mut params = CertificateParams::new(Vec::new())?;
    for name in names {
        check_host(name)?;
        params.subject_alt_names.push(match address(name) {
            Some(address) => SanType::IpAddress(address),
            None => SanType::DnsName(name.as_str().try_into()?),
        });
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let folder = Folder::open(dir)?;
    let file = sign(&folder, "server", &names[0], params, holds)?;
    let shown = |name: &str| folder.path(name).display().to_string();
    out::line("in davy.toml, under [http] or [door]:\n")?;
    out::line(format_args!("certificate_file = {:?}", shown(&format!("{file}.pem"))))?;
    out::line(format_args!("key_file = {:?}", shown(&format!("{file}.key"))))?;
    out::line("# where clients are to show theirs:")?;
    out::line("client_certificate = \"required\"")?;
    out::line(format_args!("client_ca_file = {:?}", shown(CA)))?;
    out::line(format_args!("client_revoked_file = {:?}", shown(LIST)))?;
    Ok(Exit::Ok)
}

/// Signs for a client.
pub(super) fn client(dir: &Path, name: &str, holds: Duration) -> anyhow::Result<Exit> {
    check_name(name)?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let folder = Folder::open(dir)?;
    let file = sign(&folder, "client", name, params, holds)?;
    let shown = |name: &str| folder.path(name).display().to_string();
    out::line(format_args!(
        "a gateway is known by it in the door's clients file:\n\n[[client]]\nname = {name:?}"
    ))?;
    out::line(format_args!("certificate = {name:?}\n\nand a verb calls with it:\n"))?;
    let (certificate, key) = (shown(&format!("{file}.pem")), shown(&format!("{file}.key")));
    out::line(format_args!("--ca {} --certificate {certificate} --key {key}", shown(CA)))?;
    Ok(Exit::Ok)
}

/// Signs, and gives the name of the files without their ending.
fn sign(
    folder: &Folder,
    purpose: &str,
    name: &str,
    mut params: CertificateParams,
    holds: Duration,
) -> anyhow::Result<String> {
    let file = format!("{purpose}-{}", name.replace(':', "_"));
    let (certificate_file, key_file) = (format!("{file}.pem"), format!("{file}.key"));
    folder.refuse_taken(&[&certificate_file, &key_file])?;
    let mut issued = ledger::read(folder)?;
    let (key, now) = (KeyPair::generate()?, span::now());
    params.distinguished_name = called(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = dates(now, holds)?;
    let serial = serial(&key);
    let shown = serial.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    params.serial_number = Some(serial);
    let certificate = params.signed_by(&key, &signer(folder)?)?;
    issued.push(Issued {
        serial: shown,
        purpose: purpose.to_owned(),
        name: name.to_owned(),
        from: now,
        until: now.plus(holds),
        revoked: None,
    });
    // What is not in the ledger could not be revoked.
    ledger::write(folder, &issued)?;
    folder.write_secret(&key_file, &key.serialize_pem())?;
    folder.write_new(&certificate_file, &certificate.pem())?;
    Ok(file)
}

/// A name that can be a common name, and a file's.
fn check_name(name: &str) -> Result<(), Misuse> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    let fine =
        (1..=NAME_LEN_MAX).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with(['.', '-']);
    let what = || {
        format!(
            "a client's name is 1 to {NAME_LEN_MAX} letters, digits, dots, dashes, underscores or @: {name:?}"
        )
    };
    if fine { Ok(()) } else { Err(Misuse(what())) }
}

/// A DNS name or an address.
fn check_host(name: &str) -> Result<(), Misuse> {
    let plain = |label: &str| {
        let byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(byte)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fine = address(name).is_some() || name.len() <= NAME_LEN_MAX && name.split('.').all(plain);
    if fine {
        Ok(())
    } else {
        Err(Misuse(format!("not a DNS name such as davy.plant.example, nor an IP address: {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_folder_or_mean_nothing_are_refused() {
        for good in ["gw-7", "ann@plant.example", "substation_7.mine"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "../ca", "a/b", ".hidden", "-flag", "two words", "气体", "*", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        for good in ["davy.plant.example", "localhost", "10.0.0.5", "2001:db8::1"] {
            assert!(check_host(good).is_ok(), "{good}");
        }
        for bad in ["", "../ca", "a..b", "*.plant.example", "-a", "a:b", "10.0.0.5:8443", "a_b"] {
            assert!(check_host(bad).is_err(), "{bad}");
        }
    }
}
