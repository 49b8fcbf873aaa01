//! MQTT that should not be spoken.

mod connects;
mod floods;
mod identity;
mod packets;
mod properties;
mod publishes;
mod rubbish;
mod strays;

use std::time::Duration;

use tokio::time::sleep;

pub use self::floods::FLOODS;
use self::packets::{Connect, PINGREQ, PINGRESP};
use super::{
    House, Raw,
    house::{VILLAIN, password},
};

/// A row: what is sent, and what must come of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// `mqtt/…`
    pub name: String,
    /// To the door with TLS, instead of the one without.
    tls: bool,
    /// Comes in as the gateway that may, in MQTT 5 or 3.1.1, before it sends.
    welcome: Option<bool>,
    bytes: Vec<u8>,
    want: Want,
}

/// What must come.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Want {
    /// Closed, without a word.
    Silence,
    /// These bytes first, and then closed.
    Told(Vec<u8>),
    /// Closed, and MQTT 5 told this reason by DISCONNECT.
    Ended(u8),
    /// These bytes, and it stays.
    Answered(Vec<u8>),
    /// It stays, and nothing is said.
    Nothing,
}

impl Case {
    /// A first word.
    fn knock(name: &str, bytes: Vec<u8>, want: Want) -> Case {
        Case { name: format!("mqtt/{name}"), tls: false, welcome: None, bytes, want }
    }

    /// A word of one who was let in.
    fn offence(v5: bool, name: &str, bytes: Vec<u8>, want: Want) -> Case {
        let name = format!("mqtt/{}/{name}", word(v5));
        Case { name, tls: false, welcome: Some(v5), bytes, want }
    }

    /// Sends it, and says what came where it was something else than what must.
    ///
    /// # Errors
    /// The row, with both.
    pub async fn try_on(&self, house: &House) -> Result<(), String> {
        let mut raw = Raw::dial(if self.tls { house.door_tls } else { house.door }).await;
        if let Some(v5) = self.welcome {
            welcome(&mut raw, v5, VILLAIN).await;
        }
        raw.send(&self.bytes).await;
        let want = match &self.want {
            Want::Silence => Vec::new(),
            Want::Told(answer) => answer.clone(),
            Want::Ended(reason) if self.welcome == Some(true) => vec![0xE0, 1, *reason],
            Want::Ended(_) => Vec::new(),
            Want::Answered(answer) => return self.stays(&mut raw, answer).await,
            Want::Nothing => return self.stays(&mut raw, &[]).await,
        };
        self.compare(raw.rest().await, &want)
    }

    async fn stays(&self, raw: &mut Raw, answer: &[u8]) -> Result<(), String> {
        if !answer.is_empty() {
            self.compare(raw.take(answer.len()).await, answer)?;
        }
        raw.send(&PINGREQ).await;
        self.compare(raw.take(PINGRESP.len()).await, &PINGRESP)
    }

    fn compare(&self, came: Option<Vec<u8>>, want: &[u8]) -> Result<(), String> {
        match came {
            Some(came) if came == want => Ok(()),
            came => Err(format!("{}: {want:02x?} must come, and {came:02x?} came", self.name)),
        }
    }
}

fn word(v5: bool) -> &'static str {
    if v5 { "5" } else { "3.1.1" }
}

/// A CONNECT that is welcome.
fn good(v5: bool) -> Connect {
    Connect::of(v5, VILLAIN).by(VILLAIN, &password(VILLAIN))
}

/// Comes in. The former connection of the same gateway may take a moment to end.
async fn welcome(raw: &mut Raw, v5: bool, id: &str) {
    let mut connect = good(v5);
    id.clone_into(&mut connect.id);
    raw.send(&connect.bytes()).await;
    let head = raw.take(2).await.expect("a CONNACK");
    let body = raw.take(usize::from(head[1])).await.expect("a whole CONNACK");
    assert_eq!((head[0], &body[..2]), (0x20, &[0, 0][..]), "the gateway is let in: {body:02x?}");
}

/// Every row, in the order they are tried.
pub fn cases() -> Vec<Case> {
    let groups = [
        connects::cases(),
        strays::cases(),
        properties::cases(),
        publishes::cases(),
        identity::cases(),
        rubbish::cases(),
    ];
    groups.concat()
}

/// Waits for a condition of an abuse that takes its time.
async fn a_moment() {
    sleep(Duration::from_millis(20)).await;
}
