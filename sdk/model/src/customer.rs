//! People: the buyer as an order tells, and the customer record (canonical-model §4.3).

use crate::{Address, Email, Instant, Money, Phone, SourceTime, Text, model, open_enum};

open_enum! {
    /// What the buyer of an order is.
    pub enum BuyerKind {
        /// Has an account.
        Registered = "registered",
        /// Bought without one.
        Guest = "guest",
        /// Known to a marketplace only.
        Marketplace = "marketplace",
        /// A company.
        Company = "company",
        /// Nobody in particular, as at a till.
        Anonymous = "anonymous",
    }

    /// What an identifier is.
    pub enum IdentifierType {
        /// E-mail address.
        Email = "email",
        /// Telephone number.
        Phone = "phone",
        /// The platform's customer id.
        PlatformCustomerId = "platform_customer_id",
        /// A marketplace's buyer id.
        MarketplaceBuyerId = "marketplace_buyer_id",
        /// User name.
        Username = "username",
        /// Id of another system.
        ExternalId = "external_id",
        /// Contact id.
        ContactId = "contact_id",
        /// Visitor id.
        VisitorId = "visitor_id",
    }

    /// Whether an identifier was verified.
    pub enum Verification {
        /// It was.
        Verified = "verified",
        /// It was not.
        Unverified = "unverified",
    }

    /// Who vouches for an identifier.
    pub enum VerifiedBy {
        /// An account at the shop.
        PlatformAccount = "platform_account",
        /// Typed at checkout.
        CheckoutInput = "checkout_input",
        /// A marketplace.
        Marketplace = "marketplace",
        /// An import.
        Import = "import",
    }

    /// What a customer record is.
    pub enum CustomerKind {
        /// An account.
        Registered = "registered",
        /// The platform's record of a guest.
        GuestRecord = "guest_record",
        /// A person at a company.
        CompanyContact = "company_contact",
    }

    /// Where an account stands.
    pub enum CustomerState {
        /// Usable.
        Enabled = "enabled",
        /// Not usable.
        Disabled = "disabled",
        /// Invited.
        Invited = "invited",
        /// Invitation declined.
        Declined = "declined",
        /// Deleted.
        Deleted = "deleted",
        /// Merged into another.
        Merged = "merged",
    }

    /// Whether a person agreed to marketing.
    pub enum MarketingConsent {
        /// Yes.
        Subscribed = "subscribed",
        /// Never asked or never answered.
        NotSubscribed = "not_subscribed",
        /// Waiting for a confirmation.
        Pending = "pending",
        /// Took it back.
        Unsubscribed = "unsubscribed",
    }
}

model! {
    /// Something that points to a person, and who vouches for it. **Personal.**
    #[derive(Eq)]
    pub struct Identifier {
        /// What it is.
        #[serde(rename = "type")]
        pub kind: IdentifierType,
        /// Its value; e-mails in normalised form.
        pub value: String,
        /// Whether it was verified.
        #[serde(default)]
        pub verified: Verification,
        /// By whom.
        #[serde(default)]
        pub verified_by: VerifiedBy,
    }

    /// Who placed an order.
    #[derive(Default)]
    #[serde(default)]
    pub struct Buyer {
        /// What the buyer is.
        pub kind: BuyerKind,
        /// The platform's customer id.
        pub customer_source_id: Option<String>,
        /// Name as shown. **Personal.**
        pub display_name: Option<Text>,
        /// **Personal.**
        pub email: Option<Email>,
        /// **Personal.**
        pub phone: Option<Phone>,
        /// Company.
        pub company: Option<Text>,
        /// BCP 47.
        pub locale: Option<String>,
        /// Name at a marketplace. **Personal.**
        pub marketplace_handle: Option<Text>,
        /// All that points to the person.
        pub identifiers: Vec<Identifier>,
    }

    /// Consent to marketing, per channel.
    #[derive(Default)]
    #[serde(default)]
    pub struct Marketing {
        /// By e-mail.
        pub email: MarketingConsent,
        /// By text message.
        pub sms: MarketingConsent,
        /// When it last changed.
        pub changed_at: Option<Instant>,
    }

    /// A customer record of a shop.
    #[derive(Default)]
    #[serde(default)]
    pub struct Customer {
        /// The platform's id.
        pub source_id: String,
        /// What the record is.
        pub kind: CustomerKind,
        /// Where the account stands.
        pub state: crate::Status<CustomerState>,
        /// Name as shown. **Personal.**
        pub display_name: Option<Text>,
        /// Given name. **Personal.**
        pub first_name: Option<Text>,
        /// Family name. **Personal.**
        pub last_name: Option<Text>,
        /// `given_first` or `family_first`, where the source tells.
        pub name_order: Option<String>,
        /// **Personal.**
        pub emails: Vec<Email>,
        /// **Personal.**
        pub phones: Vec<Phone>,
        /// **Personal.**
        pub addresses: Vec<Address>,
        /// Which of `addresses` is the default.
        pub default_address_id: Option<String>,
        /// All that points to the person.
        pub identifiers: Vec<Identifier>,
        /// Company.
        pub company: Option<Text>,
        /// The company's tax id.
        pub company_tax_id: Option<String>,
        /// BCP 47.
        pub locale: Option<String>,
        /// The merchant's groups.
        pub groups: Vec<String>,
        /// The merchant's tags.
        pub tags: Vec<String>,
        /// The merchant's note. **Personal.**
        pub note: Option<Text>,
        /// When the record was made.
        pub created_at: Option<SourceTime>,
        /// When it last changed.
        pub updated_at: Option<SourceTime>,
        /// The source's own count; advisory.
        pub order_count: Option<u64>,
        /// The source's own sums, one per currency; advisory.
        pub total_spent: Vec<Money>,
        /// First order.
        pub first_order_at: Option<SourceTime>,
        /// Last order.
        pub last_order_at: Option<SourceTime>,
        /// Consent to marketing.
        pub marketing: Option<Marketing>,
        /// Whether the customer pays no tax.
        pub tax_exempt: Option<bool>,
        /// The record that this one was merged into.
        pub merged_into: Option<String>,
        /// Flags of the source that support may need, such as `verified_email`.
        pub source_flags: Vec<String>,
        /// Link for the agent; never one that is the customer's secret.
        pub admin_url: Option<String>,
        /// Allow-listed custom attributes, at most 8 KiB.
        pub extra: std::collections::BTreeMap<String, String>,
    }
}
