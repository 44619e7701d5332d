//! What each role may do: the one table.
//!
//! `operator` counts only for keys of the instance's own tenant, and `writer` never there: the instance log is the
//! server's own.

use store::{Role, Roles};

/// Something that takes a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send events.
    AppendEvents,
    /// See events.
    ReadEvents,
    /// See who acted, and addresses in what else was said.
    ReadPersons,
    /// See who read.
    ReadAccessLog,
    /// See which logs there are.
    ListLogs,
    /// Take proofs, checkpoints and tiles.
    TakeProofs,
    /// Take events away as a file.
    Export,
    /// Mark what was looked through as reviewed, and see what others marked.
    ReviewEvents,
    /// Make and list tenants.
    ManageTenants,
    /// Save and delete views that everybody of the tenant sees.
    ManageViews,
    /// Make, list and revoke keys: an operator anyone's, an admin those of the own tenant.
    ManageKeys,
    /// Make, list, change and close sources: an operator anyone's, an admin those of the own tenant.
    ManageSources,
    /// Give people accounts, list and end them: an operator anyone's, an admin those of the own tenant.
    ManageAccounts,
    /// Change a tenant's settings: an operator anyone's, an admin the own tenant's.
    ManageSettings,
    /// Vouch for the clock.
    ConfirmClock,
    /// Look after the index.
    ManageIndex,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 16] = [
        Self::AppendEvents,
        Self::ReadEvents,
        Self::ReadPersons,
        Self::ReadAccessLog,
        Self::ListLogs,
        Self::TakeProofs,
        Self::Export,
        Self::ReviewEvents,
        Self::ManageTenants,
        Self::ManageViews,
        Self::ManageKeys,
        Self::ManageSources,
        Self::ManageAccounts,
        Self::ManageSettings,
        Self::ConfirmClock,
        Self::ManageIndex,
    ];

    /// The roles that may.
    pub(crate) fn roles(self) -> &'static [Role] {
        use Role::{Admin, Analyst, Auditor, Operator, Reader, Writer};
        match self {
            Self::AppendEvents => &[Writer],
            Self::ReadEvents => &[Analyst, Reader, Auditor, Admin, Operator],
            Self::ReadPersons | Self::ListLogs => &[Reader, Auditor, Admin, Operator],
            Self::ReadAccessLog | Self::TakeProofs | Self::Export | Self::ReviewEvents => {
                &[Auditor, Admin, Operator]
            }
            Self::ManageKeys
            | Self::ManageSources
            | Self::ManageAccounts
            | Self::ManageSettings => &[Admin, Operator],
            Self::ManageViews => &[Reader, Auditor, Admin],
            Self::ManageTenants | Self::ConfirmClock | Self::ManageIndex => &[Operator],
        }
    }
}

/// Whether a key with `roles`, bound to the instance's own tenant or to another one, may do `act`.
pub fn may(roles: &Roles, of_instance: bool, act: Act) -> bool {
    act.roles().iter().any(|role| {
        let counts = match role {
            Role::Operator => of_instance,
            Role::Writer => !of_instance,
            _ => true,
        };
        counts && roles.has(*role)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Act::{
        AppendEvents, ConfirmClock, Export, ListLogs, ManageAccounts, ManageIndex, ManageKeys,
        ManageSettings, ManageSources, ManageTenants, ManageViews, ReadAccessLog, ReadEvents,
        ReadPersons, ReviewEvents, TakeProofs,
    };

    #[test]
    fn the_table_is_what_the_design_says() {
        let table: Vec<(Role, Vec<Act>)> = Role::ALL
            .into_iter()
            .map(|role| {
                let of_instance = role == Role::Operator;
                let acts = Act::ALL
                    .into_iter()
                    .filter(|act| may(&Roles::of(&[role]), of_instance, *act));
                (role, acts.collect())
            })
            .collect();
        let expect = vec![
            (Role::Writer, vec![AppendEvents]),
            (Role::Analyst, vec![ReadEvents]),
            (
                Role::Reader,
                vec![ReadEvents, ReadPersons, ListLogs, ManageViews],
            ),
            (
                Role::Auditor,
                vec![
                    ReadEvents,
                    ReadPersons,
                    ReadAccessLog,
                    ListLogs,
                    TakeProofs,
                    Export,
                    ReviewEvents,
                    ManageViews,
                ],
            ),
            (
                Role::Admin,
                vec![
                    ReadEvents,
                    ReadPersons,
                    ReadAccessLog,
                    ListLogs,
                    TakeProofs,
                    Export,
                    ReviewEvents,
                    ManageViews,
                    ManageKeys,
                    ManageSources,
                    ManageAccounts,
                    ManageSettings,
                ],
            ),
            (
                Role::Operator,
                vec![
                    ReadEvents,
                    ReadPersons,
                    ReadAccessLog,
                    ListLogs,
                    TakeProofs,
                    Export,
                    ReviewEvents,
                    ManageTenants,
                    ManageKeys,
                    ManageSources,
                    ManageAccounts,
                    ManageSettings,
                    ConfirmClock,
                    ManageIndex,
                ],
            ),
        ];
        assert_eq!(table, expect);
    }

    #[test]
    fn an_operator_of_another_tenant_and_a_writer_of_the_instance_may_nothing() {
        for act in Act::ALL {
            assert!(!may(&Roles::of(&[Role::Operator]), false, act), "{act:?}");
            assert!(!may(&Roles::of(&[Role::Writer]), true, act), "{act:?}");
        }
    }
}
