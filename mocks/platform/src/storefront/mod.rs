//! Not yet.
/// x
/// # Errors
/// x
pub async fn start(_: crate::Settings) -> Result<crate::Service, crate::StartError> { unreachable!() }
