//! What is acted upon in the demo: five projects and their things.
//!
//! Promises: a thing has the same identifier wherever it is named.

/// The projects, by identifier; each runs in every environment.
pub(super) const PROJECTS: [&str; 5] = ["checkout", "storefront", "billing", "search", "identity"];
/// The environment that customers use.
pub(super) const PRODUCTION: &str = "production";
/// The environment that is tried first.
pub(super) const STAGING: &str = "staging";
/// The environment of branches.
pub(super) const PREVIEW: &str = "preview";

/// Something with an identifier.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    /// Its type.
    pub(super) kind: &'static str,
    /// Its identifier.
    pub(super) id: String,
    /// Its name for people.
    pub(super) name: String,
    /// Its project, if it has one.
    pub(super) project: Option<String>,
    /// Its environment, if it has one.
    pub(super) environment: Option<&'static str>,
}

impl Thing {
    /// Something of the whole platform.
    pub(super) fn new(kind: &'static str, id: &str, name: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            project: None,
            environment: None,
        }
    }

    /// The same within a project.
    pub(super) fn of(mut self, project: &str) -> Self {
        self.project = Some(project.to_owned());
        self
    }

    /// The same within an environment.
    pub(super) fn within(mut self, environment: &'static str) -> Self {
        self.environment = Some(environment);
        self
    }
}

/// A project itself.
pub(super) fn project(project: &str) -> Thing {
    Thing::new("project", project, project).of(project)
}

/// A variable of a project in an environment.
pub(super) fn variable(project: &str, environment: &'static str, name: &str) -> Thing {
    let id = format!("var_{project}_{environment}_{}", name.to_ascii_lowercase());
    Thing::new("environment_variable", &id, name)
        .of(project)
        .within(environment)
}

/// A secret of a project in an environment.
pub(super) fn secret(project: &str, environment: &'static str, name: &str) -> Thing {
    let id = format!("sec_{project}_{environment}_{}", name.to_ascii_lowercase());
    Thing::new("secret", &id, name)
        .of(project)
        .within(environment)
}

/// A deployment.
pub(super) fn deployment(project: &str, environment: &'static str, id: &str) -> Thing {
    Thing::new("deployment", id, &format!("{project} to {environment}"))
        .of(project)
        .within(environment)
}

/// A build.
pub(super) fn build(project: &str, number: i64) -> Thing {
    let id = format!("bld_{project}_{number}");
    Thing::new("build", &id, &format!("{project} #{number}")).of(project)
}

/// The production database of a project.
pub(super) fn database(project: &str) -> Thing {
    let id = format!("db_{project}_production");
    Thing::new("database", &id, &format!("{project}-production"))
        .of(project)
        .within(PRODUCTION)
}

/// The service of a project.
pub(super) fn service(project: &str, environment: &'static str) -> Thing {
    let id = format!("srv_{project}_{environment}");
    Thing::new("service", &id, &format!("{project}-api"))
        .of(project)
        .within(environment)
}

/// A switch within a project.
pub(super) fn flag(project: &str, name: &str) -> Thing {
    let id = format!("flag_{project}_{}", name.replace('-', "_"));
    Thing::new("feature_flag", &id, name)
        .of(project)
        .within(PRODUCTION)
}
