//! Who and what is in a scenario: what the exchanges alone do not tell.

/// The members and model versions of one scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cast {
    /// Everybody who has a part.
    pub members: Vec<Person>,
    /// Everything that has a part.
    pub versions: Vec<Thing>,
    /// Sessions that nobody was given: what they achieve was achieved by forgery.
    pub forged: Vec<String>,
    /// Fingerprints of what must not be seen by any member: the secrets of the platform.
    pub secrets: Vec<String>,
}

/// Somebody in the scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// What the scenario calls them.
    pub name: String,
    /// What the platform calls them.
    pub id: String,
    /// Whether they keep order on the platform.
    pub moderator: bool,
    /// The fingerprints of their sessions.
    pub sessions: Vec<String>,
}

/// A model version in the scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thing {
    /// What the scenario calls it.
    pub name: String,
    /// What the platform calls it.
    pub id: String,
}

impl Cast {
    /// The member whose session this is.
    pub fn by_session(&self, session: &str) -> Option<&Person> {
        self.members.iter().find(|person| person.sessions.iter().any(|known| known == session))
    }

    /// The member with this id.
    pub fn by_id(&self, id: &str) -> Option<&Person> {
        self.members.iter().find(|person| person.id == id)
    }

    /// What the scenario calls a member; their id, if it does not know them.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_id(id).map_or(id, |person| person.name.as_str())
    }

    /// What the scenario calls a model version; its id, if it does not know it.
    pub fn title<'a>(&'a self, id: &'a str) -> &'a str {
        self.versions.iter().find(|thing| thing.id == id).map_or(id, |thing| thing.name.as_str())
    }
}
