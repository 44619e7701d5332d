//! Looking at settings without refusing them: every fault at once, for those who want to know before a start.
//!
//! Promises: what is faulty is left out, so that the rest can be looked at; the rules are those of [`Config::load`].

use std::collections::BTreeMap;
use std::path::Path;

use super::Config;
use super::setting::{self, ConfigError, Setting};

/// The settings, what is wrong with them, and where each stood.
#[derive(Debug)]
pub struct Review {
    /// All settings but the faulty ones.
    pub config: Config,
    /// Why [`Config::load`] would refuse them.
    pub faults: Vec<ConfigError>,
    /// The settings that were given, with the places that gave them; the last one wins.
    pub set: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Review {
    /// Reads the settings as [`Config::load`] does.
    pub fn read(
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: &[(&str, String)],
    ) -> Self {
        let Some(path) = file else {
            return Self::of(None, environment, flags);
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::of(Some(&text), environment, flags),
            Err(source) => {
                let mut review = Self::of(None, environment, flags);
                let path = path.to_owned();
                review
                    .faults
                    .insert(0, ConfigError::Unreadable { path, source });
                review
            }
        }
    }

    /// [`Review::read`] with the file's text at hand.
    pub fn of(
        file: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
        flags: &[(&str, String)],
    ) -> Self {
        let mut review = Self {
            config: Config::default(),
            faults: Vec::new(),
            set: BTreeMap::new(),
        };
        match setting::entries_of_file(file.unwrap_or_default()) {
            Err(fault) => review.faults.push(fault),
            Ok(entries) => {
                for (name, value) in entries {
                    review.take(&name, &value, "the configuration file");
                }
            }
        }
        for setting in setting::all() {
            if let Some(value) = environment(&setting.variable()) {
                review.set(setting, &value, "the environment");
            }
        }
        for (name, value) in flags {
            review.take(name, value, "the flags");
        }
        if let Err(fault) = review.config.check() {
            review.faults.push(fault);
        }
        review
    }

    fn take(&mut self, name: &str, value: &str, place: &'static str) {
        match setting::find(name) {
            Some(setting) => self.set(setting, value, place),
            None => self.faults.push(ConfigError::Unknown {
                place,
                name: name.to_owned(),
            }),
        }
    }

    fn set(&mut self, setting: &'static Setting, value: &str, place: &'static str) {
        match setting.set(&mut self.config, value, place) {
            Ok(()) => self.set.entry(setting.name).or_default().push(place),
            Err(fault) => self.faults.push(fault),
        }
    }
}

/// Every setting.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    setting::all()
}

/// The names of the real environment's variables, without their values.
pub fn environment_names() -> Vec<String> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    names.collect()
}
