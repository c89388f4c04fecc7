Feature: Money comes back
  Once, in full for what was not delivered, and with it goes the permission.

  Background:
    Given Ann has 500 credits
    And Mo is a moderator
    And early access to Dusk costs 120 credits for generation

  @contract
  Scenario: A refunded purchase is revoked
    Given Ann has bought generation access to Dusk
    When Mo refunds the purchase of Ann
    Then that is accepted
    And Ann may not use Dusk for generation
    And Ann has 500 credits left
    When Ann generates at once with Dusk
    Then that is refused with access-revoked

  Scenario: The same refund twice pays once
    Given Ann has bought generation access to Dusk
    When Mo refunds the purchase of Ann
    And Mo refunds the purchase of Ann
    Then Ann has 500 credits left
    And no money was made or lost

  Scenario: A part that is given back once, and told twice, comes back once
    Given Ann has bought generation access to Dusk
    And the fault "storefront -> billing POST /v1/purchases/*/refunds: repeat 1 times"
    When Mo refunds 20 credits of the purchase of Ann
    Then that is accepted
    And Ann has 400 credits left
    And no money was made or lost

  @contract
  Scenario: Never more comes back than was paid
    Given Ann has bought generation access to Dusk
    When Mo refunds 121 credits of the purchase of Ann
    Then that is refused with refund-too-large
    And Ann has 380 credits left

  @contract
  Scenario: A part of the price comes back, and the permission stays
    Given Ann has bought generation access to Dusk
    When Mo refunds 20 credits of the purchase of Ann
    Then that is accepted
    And Ann may use Dusk for generation
    And Ann has 400 credits left

  @contract
  Scenario: The same part of the price, sent twice, comes back once
    Given Ann has bought generation access to Dusk
    When Mo refunds 20 credits of the purchase of Ann
    And Mo refunds 20 credits of the purchase of Ann
    Then Ann has 400 credits left

  @contract
  Scenario: Members do not refund themselves
    Given Ann has bought generation access to Dusk
    When Ann refunds the purchase of Ann
    Then that is refused with forbidden
    And Ann may use Dusk for generation

  Scenario: A job that fails costs nothing
    Given Ann has bought generation access to Dusk
    And the fault "generation -> worker: abort 500"
    When Ann generates an image with Dusk
    Then the job has failed
    And the job failed with worker-unavailable
    And Ann has paid 120 credits
