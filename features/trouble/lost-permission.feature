Feature: Where a permission gets lost
  The three causes behind "I paid, and I cannot generate": each is made to happen here, and what the person is told must
  say what to do about it.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  @article @allow(S4: the credential is taken away on purpose)
  Scenario: The credential is not carried to generation
    Given Ann has bought generation access to Dusk
    And the purchase credential gets lost between storefront and generation
    When Ann generates an image with Dusk
    Then that is refused with purchase-required
    And Ann has paid 120 credits

  @article @allow(G4: the permission service is made to refuse) @allow(G5: it refuses one service only)
  Scenario: The permission service refuses a member who paid
    Given Ann has bought generation access to Dusk
    And entitlement answers generation with status 403
    When Ann generates an image with Dusk
    Then that is refused with entitlement-unavailable
    And Ann has paid 120 credits

  @article
  Scenario: The purchase reaches the permission service late
    Given what billing sends entitlement arrives 300 milliseconds late
    When Ann buys generation access to Dusk
    And Ann generates at once with Dusk
    Then that is refused with purchase-required
    And Ann may use Dusk for generation
    When Ann generates an image with Dusk
    Then Ann gets an image

  @allow(S4: the credential is taken away once, on purpose)
  Scenario: Once the credential is carried again, nothing else is needed
    Given Ann has bought generation access to Dusk
    And the fault "storefront -> generation POST /v1/jobs: strip header Purchase-Credential once"
    When Ann generates an image with Dusk
    Then that is refused with purchase-required
    When Ann generates an image with Dusk
    Then Ann gets an image
