//! The members and model versions of a scenario, with the names that the scenario gives them and the platform's ids.
//!
//! The exchanges do not tell these: the steps that created them do.

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Participants {
    pub members: Vec<KnownMember>,
    pub versions: Vec<KnownVersion>,
    /// Session tokens that the scenario made up: a platform that accepts one accepts a forgery.
    pub forged: Vec<String>,
    /// Fingerprints of the platform's secrets, which no member may see.
    pub secrets: Vec<String>,
}

/// A member whom the scenario knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownMember {
    /// The name in the scenario.
    pub name: String,
    /// The platform's id.
    pub id: String,
    pub moderator: bool,
    /// The fingerprints of their session tokens.
    pub sessions: Vec<String>,
}

/// A model version that the scenario knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownVersion {
    /// The name in the scenario.
    pub name: String,
    /// The platform's id.
    pub id: String,
}

impl Participants {
    /// Returns the member who was given this session.
    pub fn by_session(&self, session: &str) -> Option<&KnownMember> {
        self.members.iter().find(|member| member.sessions.iter().any(|known| known == session))
    }

    pub fn by_id(&self, id: &str) -> Option<&KnownMember> {
        self.members.iter().find(|member| member.id == id)
    }

    /// Returns the scenario's name of a member, or the id if the scenario does not know them.
    pub fn member_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.by_id(id).map_or(id, |member| member.name.as_str())
    }

    /// Returns the scenario's name of a model version, or the id if the scenario does not know it.
    pub fn version_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.versions.iter().find(|version| version.id == id).map_or(id, |version| version.name.as_str())
    }
}
