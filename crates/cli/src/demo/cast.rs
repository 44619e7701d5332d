//! Who acts in the demo: people that don't exist, under names and addresses that are kept for examples.

/// Somebody of the invented platform.
#[derive(Debug)]
pub(crate) struct Person {
    /// The identifier of the account.
    pub(super) id: &'static str,
    /// The name.
    pub(super) name: &'static str,
    /// The e-mail address.
    pub(crate) email: &'static str,
    /// Where they mostly work from.
    pub(super) ip: &'static str,
    /// With which browser.
    pub(super) agent: &'static str,
    /// On which machine.
    pub(super) device: &'static str,
    /// When their day begins, in hours UTC.
    pub(super) begins: i64,
    /// Projects they mostly work on.
    pub(super) projects: &'static [&'static str],
}

/// Something that acts by itself.
#[derive(Debug)]
pub(super) struct Machine {
    /// `service_account`, `agent` or `system`.
    pub(super) kind: &'static str,
    /// Its identifier.
    pub(super) id: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// Where it runs.
    pub(super) ip: &'static str,
    /// What it calls itself.
    pub(super) agent: &'static str,
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15";
const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36";

/// Leads the platform team; approves.
pub(super) static ADA: Person = Person {
    id: "usr_101",
    name: "Ada Okafor",
    email: "ada.okafor@example.com",
    ip: "198.51.100.11",
    agent: SAFARI,
    device: "laptop-ada",
    begins: 7,
    projects: &["checkout", "identity"],
};

/// On call in Europe.
pub(super) static BRUNO: Person = Person {
    id: "usr_102",
    name: "Bruno Castel",
    email: "bruno.castel@example.com",
    ip: "2001:db8:51::102",
    agent: FIREFOX,
    device: "laptop-bruno",
    begins: 8,
    projects: &["checkout", "billing", "search"],
};

/// On call in Asia.
pub(super) static CHEN: Person = Person {
    id: "usr_103",
    name: "Chen Liwei",
    email: "chen.liwei@example.com",
    ip: "2001:db8:65::103",
    agent: CHROME,
    device: "desktop-chen",
    begins: 1,
    projects: &["search", "identity", "storefront"],
};

/// Writes the checkout.
pub(super) static DANA: Person = Person {
    id: "usr_104",
    name: "Dana Petrov",
    email: "dana.petrov@example.com",
    ip: "198.51.100.24",
    agent: FIREFOX,
    device: "laptop-dana",
    begins: 7,
    projects: &["checkout"],
};

/// Looks after what may be seen and done.
pub(super) static HUGO: Person = Person {
    id: "usr_108",
    name: "Hugo Marchetti",
    email: "hugo.marchetti@example.com",
    ip: "198.51.100.40",
    agent: FIREFOX,
    device: "laptop-hugo",
    begins: 7,
    projects: &["identity"],
};

/// Asks the databases.
pub(super) static INES: Person = Person {
    id: "usr_109",
    name: "Ines Almeida",
    email: "ines.almeida@example.com",
    ip: "198.51.100.52",
    agent: CHROME,
    device: "laptop-ines",
    begins: 8,
    projects: &["billing"],
};

/// Helps customers.
pub(super) static KAVYA: Person = Person {
    id: "usr_110",
    name: "Kavya Raman",
    email: "kavya.raman@example.com",
    ip: "2001:db8:65::110",
    agent: SAFARI,
    device: "laptop-kavya",
    begins: 3,
    projects: &["storefront"],
};

/// Everybody with a whole week of ordinary work.
pub(super) static STAFF: [&Person; 10] = [
    &ADA,
    &BRUNO,
    &CHEN,
    &DANA,
    &Person {
        id: "usr_105",
        name: "Elif Demir",
        email: "elif.demir@example.com",
        ip: "198.51.100.31",
        agent: SAFARI,
        device: "laptop-elif",
        begins: 6,
        projects: &["storefront"],
    },
    &Person {
        id: "usr_106",
        name: "Farid Haddad",
        email: "farid.haddad@example.com",
        ip: "2001:db8:44::106",
        agent: CHROME,
        device: "laptop-farid",
        begins: 13,
        projects: &["billing", "checkout"],
    },
    &Person {
        id: "usr_107",
        name: "Greta Lindqvist",
        email: "greta.lindqvist@example.com",
        ip: "198.51.100.37",
        agent: FIREFOX,
        device: "laptop-greta",
        begins: 12,
        projects: &["search", "storefront"],
    },
    &HUGO,
    &INES,
    &KAVYA,
];

/// A contractor who joins the day before last Thursday.
pub(crate) static JONAS: Person = Person {
    id: "usr_111",
    name: "Jonas Weber",
    email: "jonas.weber@example.com",
    ip: "198.51.100.61",
    agent: CHROME,
    device: "laptop-jonas",
    begins: 8,
    projects: &["checkout"],
};

/// A colleague who joins within the week.
pub(super) static LIAM: Person = Person {
    id: "usr_112",
    name: "Liam Doyle",
    email: "liam.doyle@example.com",
    ip: "198.51.100.66",
    agent: SAFARI,
    device: "laptop-liam",
    begins: 9,
    projects: &["search"],
};

/// Builds and tests.
pub(super) static CI: Machine = Machine {
    kind: "service_account",
    id: "svc_ci",
    name: "ci",
    ip: "192.0.2.20",
    agent: "demo-runner/4.2",
};

/// Deploys.
pub(super) static DEPLOYER: Machine = Machine {
    kind: "service_account",
    id: "svc_deployer",
    name: "deployer",
    ip: "192.0.2.30",
    agent: "demo-deployer/2.9",
};

/// Keeps dependencies fresh, mostly at night.
pub(super) static UPDATER: Machine = Machine {
    kind: "agent",
    id: "agt_updater",
    name: "dependency-updater",
    ip: "192.0.2.21",
    agent: "dependency-updater/1.7",
};

/// Reads build logs in search of secrets.
pub(super) static SCANNER: Machine = Machine {
    kind: "agent",
    id: "agt_scanner",
    name: "secret-scanner",
    ip: "192.0.2.22",
    agent: "secret-scanner/0.8",
};

/// Scales, backs up, renews.
pub(super) static PLATFORM: Machine = Machine {
    kind: "system",
    id: "sys_platform",
    name: "platform",
    ip: "192.0.2.10",
    agent: "demo-platform/7",
};
