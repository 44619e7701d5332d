//! What a form of ours sent: names and values, as they were typed.

use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;

use super::problem::Refused;
use super::visit::Visit;

/// Most fields of a form.
const FIELDS_MAX: usize = 64;

/// A form's fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent(Vec<(String, String)>);

impl Sent {
    /// The first value of that name, without blanks around it; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The first value of that name, if it is more than blanks.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        Some(self.get(name))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// Whether a box was ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// Every value of that name.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let fields = self.0.iter().filter(|(known, _)| known == name);
        fields.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// The values of these names, to be sent again by a page that asks whether they are meant.
    pub(super) fn carried(&self, names: &[&str]) -> Vec<(String, String)> {
        let fields = self.0.iter();
        fields
            .filter(|(name, value)| names.contains(&name.as_str()) && !value.is_empty())
            .cloned()
            .collect()
    }

    /// Whether the form came from one of our pages of this session.
    pub(super) fn check(&self, visit: &Visit) -> Result<(), Refused> {
        visit.check_form(self.get("csrf"))
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response<Body>> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) if fields.len() <= FIELDS_MAX => Ok(Self(fields)),
            Err(refused) => Err(refused.into_response()),
            Ok(_) => Err(StatusCode::BAD_REQUEST.into_response()),
        }
    }
}
