//! What we run: the manifest that a component carries, and what follows from it alone.
//!
//! Everything here is data. Nothing is compiled and no plugin code runs: the manifest is read from a
//! custom section, so that what a plugin may do is known before it does anything. The one exception is `artifact`,
//! which keeps compiled code.

mod artifact;
mod check;
mod lock;
mod manifest;
mod origin;
mod problem;
mod recipe;
mod section;
mod settings;
mod template;

pub use artifact::Artifacts;
pub use lock::{Capabilities, Change, Lock, OriginGrant};
pub use manifest::{Export, Manifest, PluginInfo, Stream, Tier};
pub use origin::{Auth, Method, Origin, RateLimit};
pub use problem::{ManifestError, Problem};
pub use recipe::{Algorithm, Delivery, Encoding, RegisteredBy, Scheme, Topic, Webhooks};
pub use section::{SECTION, embed, section};
pub use settings::{Pattern, SecretSlot, Setting, SettingKind, SettingProblem};
pub use template::UrlTemplate;
