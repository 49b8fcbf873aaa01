//! The authority: made once, and taken up again to sign.

use std::{path::Path, time::Duration};

use anyhow::Context;
use davy_model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::{
    folder::{CA, CA_KEY, Folder, LEDGER, LIST},
    ledger::{self, Issued},
};
use crate::{exit::Exit, out, span};

/// A little before now, for clocks that are behind.
const BEFORE: Duration = Duration::from_secs(3600);

/// What signs.
pub(super) type Signer = Issuer<'static, KeyPair>;

/// Makes an authority.
pub(super) fn init(dir: &Path, name: &str, holds: Duration) -> anyhow::Result<Exit> {
    let folder = Folder::make(dir)?;
    folder.refuse_taken(&[CA, CA_KEY, LIST, LEDGER])?;
    let key = KeyPair::generate()?;
    let now = span::now();
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = dates(now, holds)?;
    params.serial_number = Some(serial(&key));
    let certificate = params.self_signed(&key)?;
    // The key first: without it the rest is worth nothing.
    folder.write_secret(CA_KEY, &key.serialize_pem())?;
    folder.write_new(CA, &certificate.pem())?;
    ledger::write(&folder, &[])?;
    write_list(&folder, &[], now)?;
    out::line(format_args!(
        "an authority is in {}: whoever has {CA_KEY} can sign, so keep the folder safe, and a copy elsewhere",
        dir.display()
    ))?;
    out::line("next: davy pki server NAME, davy pki client NAME")?;
    Ok(Exit::Ok)
}

/// Takes the authority up again.
pub(super) fn signer(folder: &Folder) -> anyhow::Result<Signer> {
    let key = KeyPair::from_pem(&folder.read(CA_KEY)?);
    let key = key.with_context(|| folder.path(CA_KEY).display().to_string())?;
    let signer = Issuer::from_ca_cert_pem(&folder.read(CA)?, key);
    signer.with_context(|| folder.path(CA).display().to_string())
}

/// Writes the list of what holds no more.
pub(super) fn write_list(folder: &Folder, issued: &[Issued], now: Timestamp) -> anyhow::Result<()> {
    /// The list is written anew with each change, not at a date: until then it is as good as the authority.
    const HOLDS: Duration = Duration::from_secs(3650 * 86_400);
    let revoked = issued.iter().filter_map(|one| Some((one, one.revoked?)));
    let revoked_certs = revoked.map(|(one, at)| {
        let serial = ledger::from_hex(&one.serial).context("a serial number is hex digits")?;
        anyhow::Ok(RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date(at)?,
            reason_code: None,
            invalidity_date: None,
        })
    });
    let list = CertificateRevocationListParams {
        this_update: date(now)?,
        next_update: date(now.plus(HOLDS))?,
        // It has to grow, and so does the time.
        crl_number: SerialNumber::from(u64::try_from(now.as_micros())?),
        issuing_distribution_point: None,
        revoked_certs: revoked_certs.collect::<anyhow::Result<_>>()?,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    folder.replace(LIST, &list.signed_by(&signer(folder)?)?.pem()?)
}

/// A name in a certificate.
pub(super) fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// A number that no other certificate has: it is made of the key, which none has.
pub(super) fn serial(key: &KeyPair) -> SerialNumber {
    use sha2::{Digest, Sha256};
    let mut serial = Sha256::digest(key.public_key_raw())[..16].to_vec();
    // A whole number above 0 (RFC 5280, 4.1.2.2), always of as many digits.
    serial[0] = serial[0] & 0x7f | 0x40;
    SerialNumber::from(serial)
}

/// From when and until when, for what is signed now.
pub(super) fn dates(now: Timestamp, holds: Duration) -> anyhow::Result<(OffsetDateTime, OffsetDateTime)> {
    Ok((date(now.minus(BEFORE))?, date(now.plus(holds))?))
}

fn date(at: Timestamp) -> anyhow::Result<OffsetDateTime> {
    Ok(OffsetDateTime::from_unix_timestamp(at.as_micros().div_euclid(1_000_000))?)
}
