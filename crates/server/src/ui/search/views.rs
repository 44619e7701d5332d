//! `/t/{tenant}/search/views`: saving and deleting a view, by forms.
//!
//! Promises: what can't be saved is said on a page, with the words of the API.

use axum::Form;
use axum::body::Body;
use axum::http::{Method, Response};
use serde::Deserialize;

use crate::ui::ask::segment;
use crate::ui::page::{own_path, redirect};
use crate::ui::visit::Visit;

/// What the form to save one sends.
#[derive(Debug, Deserialize)]
pub(in crate::ui) struct Save {
    csrf: String,
    name: String,
    q: String,
    to: Option<String>,
}

/// What the form to delete one sends.
#[derive(Debug, Deserialize)]
pub(in crate::ui) struct Delete {
    csrf: String,
    name: String,
    to: Option<String>,
}

pub(in crate::ui) async fn save(visit: Visit, Form(form): Form<Save>) -> Response<Body> {
    let saved = async {
        visit.check_form(&form.csrf)?;
        let new = api::NewView {
            name: form.name,
            q: form.q,
        };
        visit.ask().tell(Method::POST, "/v1/views", &new).await?;
        Ok(redirect(own_path(form.to.as_deref())))
    };
    let saved = saved.await;
    visit.finish(saved)
}

pub(in crate::ui) async fn delete(visit: Visit, Form(form): Form<Delete>) -> Response<Body> {
    let deleted = async {
        visit.check_form(&form.csrf)?;
        let path = format!("/v1/views/{}", segment(&form.name));
        visit
            .ask()
            .raw(Method::DELETE, &path, Body::empty())
            .await?;
        Ok(redirect(own_path(form.to.as_deref())))
    };
    let deleted = deleted.await;
    visit.finish(deleted)
}
