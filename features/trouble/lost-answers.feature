Feature: An answer gets lost
  Nobody knows then whether it happened. Either is right, as long as everybody ends up with the same: what was charged can be
  used, and trying again charges nothing more.

  Background:
    Given Ann has 500 credits
    And early access to Dusk costs 120 credits for generation

  Scenario: Billing has charged, and the storefront never hears of it
    Given the fault "storefront -> billing POST /v1/purchases: lose response once"
    When Ann buys generation access to Dusk
    Then that is refused with billing-unavailable
    And Ann may use Dusk for generation
    And Ann has paid 120 credits

  Scenario: Trying again with the same key finds what was bought
    Given the fault "storefront -> billing POST /v1/purchases: lose response once"
    When Ann buys generation access to Dusk
    Then that is refused with billing-unavailable
    When Ann sends the purchase again
    Then that is accepted
    And Ann has paid 120 credits

  Scenario: The member's own connection breaks
    When Ann buys generation access to Dusk and hears nothing of it
    And Ann sends the purchase again
    Then that is accepted
    And Ann has paid 120 credits
    And Ann may use Dusk for generation

  Scenario: A job was charged, and generation never hears of it
    Given Ann has bought generation access to Dusk
    And the fault "generation -> billing POST /v1/charges: lose response once"
    When Ann generates an image with Dusk
    Then that is refused with billing-unavailable
    And Ann has paid 120 credits

  Scenario: A job was accepted, and the storefront never hears of it
    Given Ann has bought generation access to Dusk
    And the fault "storefront -> generation POST /v1/jobs: lose response once"
    When Ann generates an image with Dusk
    Then that is refused with generation-unavailable
    And Ann has paid 125 credits

  Scenario: The image was made, and generation never hears of it
    Given Ann has bought generation access to Dusk
    And the fault "generation -> worker: lose response"
    When Ann generates an image with Dusk
    Then the job failed with worker-unavailable
    And Ann has paid 120 credits

  Scenario: The permission service takes too long while a buyer generates
    Given Ann has bought generation access to Dusk
    And what generation sends entitlement arrives 10 seconds late
    When Ann generates an image with Dusk
    Then that is refused with entitlement-unavailable
    And the refusal says when to try again
    And Ann has paid 120 credits
