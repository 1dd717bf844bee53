//! What execution environments tell each other of a marketplace's Connec!: whether it is in trouble, and how many of them are at it.

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, put_item::PutItemError},
    types::AttributeValue,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Accounts, StoreError,
    item::Item,
    keys::{Key, PARTITION_KEY},
};
use crate::{connec::Circuit, domain::MarketplaceKey, random};

#[derive(Serialize, Deserialize)]
struct CircuitItem {
    marketplace: MarketplaceKey,
    #[serde(flatten)]
    circuit: Circuit,
}

#[derive(Serialize, Deserialize)]
struct SlotItem {
    marketplace: MarketplaceKey,
    holder: String,
    /// In milliseconds since 1970.
    until: i64,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    expires_at: Timestamp,
}

impl Item for CircuitItem {
    const TYPE: &'static str = "circuit";
}
impl Item for SlotItem {
    const TYPE: &'static str = "slot";
}

/// The right to ask a marketplace's Connec!, which only so many have at once.
#[derive(Debug)]
pub struct Slot {
    marketplace: MarketplaceKey,
    number: u8,
    holder: String,
}

impl Accounts {
    /// How a marketplace's Connec! does, as far as anybody knows.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known.
    pub async fn circuit(&self, marketplace: &MarketplaceKey) -> Result<Circuit, StoreError> {
        let item = self.get::<CircuitItem>(Key::circuit(marketplace)).await?;
        Ok(item.map(|item| item.circuit).unwrap_or_default())
    }

    /// Tells everybody how it does now, unless somebody else did since it `was` so. Whether it was told.
    ///
    /// # Errors
    /// [`StoreError`]: they may not know.
    pub async fn put_circuit(
        &self,
        marketplace: &MarketplaceKey,
        was: Circuit,
        circuit: Circuit,
    ) -> Result<bool, StoreError> {
        let unknown = was == Circuit::default();
        let key = Key::circuit(marketplace);
        let condition = match (unknown, was.open_until) {
            (true, _) => "attribute_not_exists(#key) OR (troubles = :troubles AND attribute_not_exists(open_until))",
            (false, None) => "troubles = :troubles AND attribute_not_exists(open_until)",
            (false, Some(_)) => "troubles = :troubles AND open_until = :open_until",
        };
        let item = CircuitItem { marketplace: marketplace.clone(), circuit }.at(key)?;
        let mut put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put = put.condition_expression(condition);
        put = put.expression_attribute_values(":troubles", AttributeValue::N(was.troubles.to_string()));
        if unknown {
            put = put.expression_attribute_names("#key", PARTITION_KEY);
        }
        if let Some(open_until) = was.open_until {
            put = put.expression_attribute_values(":open_until", AttributeValue::N(open_until.to_string()));
        }
        StoreError::unless_refused(put.send().await, "PutItem", PutItemError::is_conditional_check_failed_exception)
    }

    /// One of `slots` rights to ask a marketplace's Connec!, until `until` at the latest; none, if they are all taken.
    ///
    /// # Errors
    /// [`StoreError`]: it is not known whether there is one.
    pub async fn take_slot(
        &self,
        marketplace: &MarketplaceKey,
        slots: u8,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Slot>, StoreError> {
        let slots = slots.max(1);
        let start = random::bytes::<1>().first().copied().unwrap_or_default() % slots;
        let holder = random::hex128();
        for step in 0..slots {
            let number = (start + step) % slots;
            let item = SlotItem {
                marketplace: marketplace.clone(),
                holder: holder.clone(),
                until: until.as_millisecond(),
                expires_at: until,
            };
            let put = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(item.at(Key::slot(marketplace, number))?))
                // A request that was sent again, because its answer was lost, meets itself.
                .condition_expression("attribute_not_exists(#key) OR #until <= :now OR holder = :holder")
                .expression_attribute_values(":holder", AttributeValue::S(holder.clone()))
                .expression_attribute_names("#key", PARTITION_KEY)
                .expression_attribute_names("#until", "until")
                .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()));
            let is_refused = PutItemError::is_conditional_check_failed_exception;
            if StoreError::unless_refused(put.send().await, "PutItem", is_refused)? {
                return Ok(Some(Slot { marketplace: marketplace.clone(), number, holder }));
            }
        }
        Ok(None)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// [`StoreError`]: it may be taken until its time is over.
    pub async fn free_slot(&self, slot: Slot) -> Result<(), StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::slot(&slot.marketplace, slot.number).into_attributes()))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", AttributeValue::S(slot.holder));
        let is_refused = DeleteItemError::is_conditional_check_failed_exception;
        StoreError::unless_refused(delete.send().await, "DeleteItem", is_refused).map(drop)
    }
}
